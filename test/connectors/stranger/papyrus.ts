import { type Static, Type } from 'typebox'
import { defineConnector, type Io, type WebhookRequest } from '../../../connectors/connector.ts'
import { listOf, secret, verifyingSecret } from '../../../connectors/kit/secret.ts'
import { everyChannel } from '../../../connectors/kit/settings.ts'
import { hmacMatches } from '../../../connectors/kit/signature.ts'
import type { Health } from '../../../model/channel.ts'
import { SendFailure } from '../../../model/failure.ts'
import { parse } from './parse.ts'
import { refusalOf, send } from './send.ts'

/**
 * An SMS provider that does not exist, as a stranger would connect it: written from `docs/connectors.md` alone, so that
 * the document is known to be enough.
 */

const config = Type.Object(
  {
    from: Type.String({ pattern: '^[0-9]{8,15}$', description: 'The number that messages come from.' }),
    token: secret('The token of the API.'),
    webhookSecret: verifyingSecret('What Papyrus signs its webhooks with.'),
    account: Type.Optional(Type.String({ description: 'Numbers of one account share its rate.' })),
    ...everyChannel,
  },
  { additionalProperties: false },
)

export type PapyrusConfig = Static<typeof config>

export const papyrus = defineConnector<typeof config>({
  connector: 'papyrus',
  title: 'Papyrus SMS',
  config,
  can: () => ({
    text: { max: 1000, unit: 'characters' },
    captionMax: 0,
    media: {},
    carries: ['text'],
    quotes: false,
    observes: ['sent', 'received', 'failed'],
  }),
  limits: ({ account, from, limits }, live) => ({
    account: account ?? from,
    perSecond: limits?.perSecond ?? live.perSecond ?? 50,
  }),
  keyOf: ({ from }) => from,
  receive: {
    verify: { secrets: ({ webhookSecret }) => listOf(webhookSecret), check: isSigned },
    parse,
    redelivers: 'hours',
  },
  send,
  check,
  simulation: async () => (await import('./simulation.ts')).simulation,
})

function isSigned({ headers, body }: WebhookRequest, key: string): boolean {
  const signature = headers['x-papyrus-signature']
  return hmacMatches(signature, { algorithm: 'sha256', secret: key, body, encoding: 'hex' })
}

async function check({ apiBase, token }: PapyrusConfig, io: Io): Promise<Health> {
  try {
    const answer = await io.http({
      method: 'GET',
      url: `${apiBase ?? 'https://api.papyrus.example'}/v1/account`,
      headers: { authorization: `Bearer ${token}` },
      signal: io.signal,
    })
    if (answer.status !== 200) throw await refusalOf(answer)
    await answer.text()
    return { state: 'ok', at: io.now() }
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    const { code } = error.failure
    const isSilent = code === 'unreachable' || code === 'noAnswer'
    return { state: isSilent ? 'unknown' : 'failing', why: code, at: io.now() }
  }
}
