import { type Static, Type } from 'typebox'
import { type Capabilities, defineConnector, type Io } from '../connector.ts'
import { listOf, secret, verifyingSecret } from '../kit/secret.ts'
import { everyChannel } from '../kit/settings.ts'
import { type Account, ask } from '../meta/account.ts'
import { actFor } from '../meta/act.ts'
import { fetchAttachment } from '../meta/attachment.ts'
import { healthBy, tokenHealth } from '../meta/health.ts'
import { signedByMeta, subscribed, VERSION } from '../meta/meta.ts'
import { sendTo } from '../meta/send.ts'
import { parse } from './parse.ts'
import { readTemplates } from './templates.ts'

const MB = 1024 * 1024

const config = Type.Object(
  {
    pageId: Type.String({ pattern: '^[0-9]{1,32}$', description: "The Page's id." }),
    accessToken: secret("The Page's access token, with the permission pages_messaging."),
    appSecret: verifyingSecret("The app's secret: it signs the webhooks."),
    verifyToken: verifyingSecret('Any word of yours; give Meta the same when you subscribe the webhook.'),
    appId: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,32}$',
        description: "The app's id: with it the check can ask when the access token ends.",
      }),
    ),
    ...everyChannel,
  },
  { additionalProperties: false },
)

type MessengerConfig = Static<typeof config>

/** PROVIDERS B3, K. An image by link is at most 8 MB, uploaded 25: only the smaller is safe for both. */
const CAN: Capabilities = {
  text: { max: 2000, unit: 'characters' },
  captionMax: 0,
  media: {
    image: { bytesMax: 8 * MB, mimeTypes: ['image/jpeg', 'image/png', 'image/gif'], caption: false },
    audio: { bytesMax: 25 * MB, caption: false },
    video: { bytesMax: 25 * MB, caption: false },
    document: { bytesMax: 25 * MB, caption: false },
    sticker: { bytesMax: 8 * MB, mimeTypes: ['image/png', 'image/gif', 'image/webp'], caption: false },
  },
  carries: ['text', 'image', 'audio', 'video', 'document', 'sticker', 'buttons', 'reaction', 'template'],
  buttons: { max: 3, titleMax: 20, textMax: 640, idBytesMax: 1000, urls: 'mixed' },
  quick: { max: 13, titleMax: 20, textMax: 2000, idBytesMax: 1000 },
  quotes: true,
  observes: ['sent', 'received', 'read', 'failed'],
}

/** Messages a second of one Page (B5): for text. Audio and video are 10; their refusal (613) is obeyed. */
const PER_SECOND = 300

/** Facebook Messenger. Facts: PROVIDERS B. */
export const messenger = defineConnector<typeof config>({
  connector: 'messenger',
  title: 'Messenger',
  config,
  can: () => CAN,
  limits: config => ({
    account: config.pageId,
    perSecond: config.limits?.perSecond ?? PER_SECOND,
  }),
  keyOf: config => config.pageId,
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
  templates: (config, io) => readTemplates(accountOf(config), io),
  check,
})

function graphUrl({ apiBase = 'https://graph.facebook.com' }: MessengerConfig): string {
  return `${apiBase}/${VERSION}`
}

function accountOf(config: MessengerConfig): Account {
  return { kind: 'messenger', url: `${graphUrl(config)}/${config.pageId}`, accessToken: config.accessToken }
}

function check(config: MessengerConfig, io: Io) {
  return healthBy(io, async () => {
    const { url, accessToken } = accountOf(config)
    await ask(`${url}?fields=id,name`, accessToken, io)
    return tokenHealth(graphUrl(config), config, io)
  })
}
