import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { Outbound } from '../../../connectors/connector.ts'
import { mapSecrets } from '../../../gateway/secrets.ts'
import type { Subject } from '../connector.ts'
import type { Laws } from './laws.ts'
import type { Stand } from './stand.ts'

/** RULES G: what is secret in a config is in no log, no error and no answer. Last, when all has been said. */
export function secretLaws({ law }: Laws, { people }: Subject, it: () => Stand): void {
  const secretsOf = (): string[] => {
    const found: string[] = []
    for (const { config } of Object.values(it().channels)) {
      mapSecrets(it().connector.config, config, secret => {
        found.push(secret)
        return secret
      })
    }
    return [...new Set(found)]
  }
  const shown = (text: string): string[] => secretsOf().filter(secret => text.includes(secret))

  law('secrets are in no log, no event, no metric and no answer', async () => {
    expect(secretsOf().filter(secret => secret.length < 8)).toEqual([])
    for (const path of ['/v1/channels', '/v1/events?limit=1000', '/v1/messages?limit=200', '/metrics']) {
      await it().call('GET', path)
    }
    expect(shown(it().said())).toEqual([])
  })

  law('secrets are in no error, whatever the provider or the network did', async () => {
    const { connector, channels, io } = it()
    const config = { ...channels.ours.config, apiBase: 'http://127.0.0.1:9' } as never
    const address = { kind: 'phone', value: people.ana } as const
    const part: Outbound = {
      ...{ address, content: { type: 'text', text: 'Hola' }, category: 'service' },
      ...{ reference: 'r.0.1', key: 'r.0', replyTo: null, reactionTo: null, source: 'api', heardAt: null },
      webhookUrl: it().urlOf('ours'),
    }
    const media = { ref: 'nothing', mimeType: 'image/png' }
    const errors = await Promise.all([
      connector.send(part, config, io).catch((error: unknown) => error),
      connector.fetchMedia?.(media, config, io).catch((error: unknown) => error),
      connector.templates?.(config, io).catch((error: unknown) => error),
      connector.check(config, io).catch((error: unknown) => error),
    ])
    expect(shown(inspect(errors, { depth: 12, showHidden: true }))).toEqual([])
  })
}
