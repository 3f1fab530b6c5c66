import { type Static, Type } from 'typebox'
import type { Health } from '../../model/channel.ts'
import { type Capabilities, defineConnector, type Io } from '../connector.ts'
import { textIn } from '../kit/json.ts'
import { listOf, secret, verifyingSecret } from '../kit/secret.ts'
import { everyChannel } from '../kit/settings.ts'
import { type Account, ask } from '../meta/account.ts'
import { actFor } from '../meta/act.ts'
import { fetchAttachment } from '../meta/attachment.ts'
import { healthBy, healthUntil, tokenHealth } from '../meta/health.ts'
import { signedByMeta, subscribed, VERSION } from '../meta/meta.ts'
import { sendTo } from '../meta/send.ts'
import { parse } from './parse.ts'

const MB = 1024 * 1024
const ID = '^[0-9]{1,32}$'

const config = Type.Object(
  {
    accountId: Type.String({
      pattern: ID,
      description: "The professional account's id: `user_id` of /me, which is not its `id`.",
    }),
    accessToken: secret('Of the Instagram user with Instagram Login, of the Page with Facebook Login.'),
    appSecret: verifyingSecret(
      "What signs the webhooks: the Instagram app's secret, or the Meta app's; of a list, all are tried.",
    ),
    verifyToken: verifyingSecret('Any word of yours; give Meta the same when you subscribe the webhook.'),
    login: Type.Optional(
      Type.Union([Type.Literal('instagram'), Type.Literal('facebook')], {
        description: 'Which login gave the access token; it decides the host. instagram if absent.',
      }),
    ),
    pageId: Type.Optional(
      Type.String({
        pattern: ID,
        description: 'With Facebook Login: the Page that the account is linked to.',
      }),
    ),
    appId: Type.Optional(
      Type.String({
        pattern: ID,
        description: "With Facebook Login: the app's id, by which the check asks when the access token ends.",
      }),
    ),
    accessTokenEnds: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When the token ends, which Instagram Login tells only when it gives one.',
      }),
    ),
    ...everyChannel,
  },
  { additionalProperties: false },
)

type InstagramConfig = Static<typeof config>

/** PROVIDERS C3, K. Text is counted in bytes: an emoji is four (L20). */
const CAN: Capabilities = {
  text: { max: 1000, unit: 'bytes' },
  captionMax: 0,
  media: {
    image: { bytesMax: 8 * MB, mimeTypes: ['image/jpeg', 'image/png'], caption: false },
    audio: {
      bytesMax: 25 * MB,
      mimeTypes: ['audio/aac', 'audio/mp4', 'audio/x-m4a', 'audio/wav', 'audio/x-wav', 'audio/vnd.wave'],
      caption: false,
    },
    video: {
      bytesMax: 25 * MB,
      mimeTypes: ['video/mp4', 'video/ogg', 'video/x-msvideo', 'video/quicktime', 'video/webm'],
      caption: false,
    },
    document: { bytesMax: 25 * MB, mimeTypes: ['application/pdf'], caption: false },
    sticker: { bytesMax: 8 * MB, mimeTypes: ['image/png'], caption: false },
  },
  carries: ['text', 'image', 'audio', 'video', 'document', 'sticker', 'buttons', 'reaction'],
  buttons: { max: 3, titleMax: 20, textMax: 640, idBytesMax: 1000, urls: 'mixed' },
  quick: { max: 13, titleMax: 20, textMax: 1000, idBytesMax: 1000 },
  quotes: true,
  // "Delivery does not exist" (C2): a message goes from sent to read.
  observes: ['sent', 'read', 'failed'],
}

/** Messages a second of one account (C4), for text. Audio and video are 10; their refusal (613) is obeyed. */
const PER_SECOND = { instagram: 100, facebook: 300 } as const

/** Instagram's direct messages, by either login. Facts: PROVIDERS C. */
export const instagram = defineConnector<typeof config>({
  connector: 'instagram',
  title: 'Instagram',
  config,
  can: () => CAN,
  limits: config => ({
    account: config.accountId,
    perSecond: config.limits?.perSecond ?? PER_SECOND[config.login ?? 'instagram'],
  }),
  keyOf: config => config.accountId,
  receive: {
    verify: { secrets: config => listOf(config.appSecret), check: signedByMeta },
    hello: (request, config) => subscribed(request, listOf(config.verifyToken)),
    parse,
    redelivers: 'hours',
  },
  send: (part, config, io) => sendTo(accountOf(config), part, io),
  act: (action, config, io) => actFor(accountOf(config), action, io),
  simulation: async () => (await import('./simulation.ts')).simulation,
  fetchMedia: (media, _config, io) => fetchAttachment(media, io),
  check: (config, io) =>
    healthBy(io, () => (config.login === 'facebook' ? checkPage : checkUser)(config, io)),
})

/** PROVIDERS C1. */
const HOST = { instagram: 'https://graph.instagram.com', facebook: 'https://graph.facebook.com' } as const

function graphUrl({ apiBase, login = 'instagram' }: InstagramConfig): string {
  return `${apiBase ?? HOST[login]}/${VERSION}`
}

/** With Facebook Login the Page sends; its token says which it is where the config does not. */
function accountOf(config: InstagramConfig): Account {
  const { accountId, accessToken, pageId = 'me' } = config
  const kind = 'instagram'
  if (config.login === 'facebook')
    return { kind, url: `${graphUrl(config)}/${pageId}`, accessToken, platform: kind }
  return { kind, url: `${graphUrl(config)}/${accountId}`, accessToken }
}

/** `user_id` is what webhooks call the account; people take `id` for it, and then nothing arrives (C1). */
async function checkUser(config: InstagramConfig, io: Io): Promise<Omit<Health, 'at'>> {
  const user = await ask(`${graphUrl(config)}/me?fields=user_id,username`, config.accessToken, io)
  const id = textIn(user, 'user_id')
  if (id !== undefined && id !== config.accountId) {
    return { state: 'failing', why: `the access token is of the account ${id}: set accountId to it` }
  }
  return healthUntil(Date.parse(config.accessTokenEnds ?? '') || 0, io.now())
}

async function checkPage(config: InstagramConfig, io: Io): Promise<Omit<Health, 'at'>> {
  const { accountId, accessToken } = config
  await ask(`${graphUrl(config)}/${accountId}?fields=username`, accessToken, io)
  return tokenHealth(graphUrl(config), config, io)
}
