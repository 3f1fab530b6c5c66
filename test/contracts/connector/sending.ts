import { expect } from 'vitest'
import type { Outbound } from '../../../connectors/connector.ts'
import { readAddress } from '../../../gateway/enqueue.ts'
import { kindOf, SendFailure } from '../../../model/failure.ts'
import type { Subject } from '../connector.ts'
import type { Laws } from './laws.ts'
import { outbound, sampleOf } from './samples.ts'
import type { Stand } from './stand.ts'

/** What goes out is taken by the provider as it came, once, at the speed that it asks for: RULES C and E. */
export function sendingLaws({ law }: Laws, subject: Subject, it: () => Stand): void {
  const { people, throttles, samples = {} } = subject
  const config = () => it().channels.ours.config as never
  const send = (part: Outbound) => it().connector.send(part, config(), it().io)
  const partOf = (content: Outbound['content'], more: Partial<Outbound> = {}) =>
    outbound(readAddress(people.ana), content, more)

  law('what it says it carries is taken by its provider', async () => {
    const can = it().connector.can(config())
    for (const type of can.carries) {
      const content = samples[type]?.content ?? sampleOf(type, can)
      if (content === undefined) throw new Error(`there is no sample of ${type}: give one in \`samples\``)
      const { providerIds } = await send(partOf(content, samples[type])).catch((error: unknown) => {
        throw new Error(`${type} was refused: ${String(error)}`, { cause: error })
      })
      expect([type, providerIds.length > 0]).toEqual([type, true])
    }
  })

  law('its credentials are proven without sending, and those that are wrong are told', async () => {
    const before = it().sim.stats().accepted
    expect(await it().connector.check(config(), it().io)).toMatchObject({ state: 'ok' })
    const answer = await it().call('POST', `/v1/channels/${it().channels.ours.id}/check`)
    expect((answer.body as { health: object }).health).toMatchObject({ state: 'ok' })
    expect(it().sim.stats().accepted).toBe(before)
    const wrong = { ...it().channels.ours.config, apiBase: 'http://127.0.0.1:9' }
    expect(await it().connector.check(wrong as never, it().io)).toMatchObject({ state: 'unknown' })
  })

  law('RULES C8, E4: each way of saying "not so fast" is known by what it slows', async () => {
    expect(throttles.length).toBeGreaterThan(0)
    for (const { code, slows } of throttles) {
      it().sim.behave({ refusals: [{ share: 1, code }] })
      const failure = await send(partOf({ type: 'text', text: 'Hola' })).then(
        () => undefined,
        (error: unknown) => (error instanceof SendFailure ? error.failure : undefined),
      )
      it().sim.behave({ refusals: [] })
      if (failure === undefined) throw new Error(`${code} did not fail`)
      const { scope, certain, retry } = kindOf(failure)
      expect([code, scope, certain, retry === 'never']).toEqual([code, slows, true, false])
    }
  })
}
