import { type Static, Type } from 'typebox'
import type { Health, Live } from '../../model/channel.ts'
import { SendFailure } from '../../model/failure.ts'
import { type Capabilities, defineConnector, type Io, type Limits } from '../connector.ts'
import { listOf, secret, verifyingSecret } from '../kit/secret.ts'
import { everyChannel } from '../kit/settings.ts'
import { signedByMeta, subscribed } from '../meta/meta.ts'
import { numberUrl, refusalOf } from './graph.ts'
import { fetchMedia } from './media.ts'
import { parse } from './parse.ts'
import { send } from './send.ts'

const MB = 1024 * 1024

const config = Type.Object(
  {
    phoneNumberId: Type.String({
      pattern: '^[0-9]{1,32}$',
      description: "The number's id in the WhatsApp Manager; not the phone number itself.",
    }),
    accessToken: secret('Token of a system user with the permission whatsapp_business_messaging.'),
    appSecret: verifyingSecret("The app's secret: it signs the webhooks."),
    verifyToken: verifyingSecret('Any word of yours; give Meta the same when you subscribe the webhook.'),
    wabaId: Type.Optional(Type.String({ pattern: '^[0-9]{1,32}$', description: 'Id of the account.' })),
    portfolioId: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,32}$',
        description: 'Id of the business portfolio: its numbers share one messaging limit.',
      }),
    ),
    messagingLimit: Type.Optional(
      Type.Union(
        ['TIER_50', 'TIER_250', 'TIER_1K', 'TIER_2K', 'TIER_10K', 'TIER_100K', 'TIER_UNLIMITED'].map(tier =>
          Type.Literal(tier),
        ),
        {
          description: 'How many people a day the portfolio may write to first; unknown counts as TIER_250.',
        },
      ),
    ),
    throughput: Type.Optional(
      Type.Union([Type.Literal('standard'), Type.Literal('high'), Type.Literal('coexistence')], {
        description: '80, 1000 or 20 messages a second, in and out together.',
      }),
    ),
    ...everyChannel,
  },
  { additionalProperties: false },
)

export type WhatsAppConfig = Static<typeof config>

/** Messages a second of one number, both ways together (PROVIDERS A11). */
const THROUGHPUT = { standard: 80, high: 1000, coexistence: 20 } as const

/** PROVIDERS A6, A8, K. Buttons and lists are not here yet: `fit` makes numbered text of them. */
const CAN: Capabilities = {
  text: { max: 4096, unit: 'characters' },
  captionMax: 1024,
  media: {
    image: { bytesMax: 5 * MB, mimeTypes: ['image/jpeg', 'image/png'], caption: true },
    video: { bytesMax: 16 * MB, mimeTypes: ['video/mp4', 'video/3gpp'], caption: true },
    audio: {
      bytesMax: 16 * MB,
      mimeTypes: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'],
      caption: false,
    },
    document: { bytesMax: 100 * MB, caption: true },
    // 100 KB if it stands still; what is animated is not known before it is read.
    sticker: { bytesMax: 500 * 1024, mimeTypes: ['image/webp'], caption: false },
  },
  carries: [
    'text',
    'image',
    'video',
    'audio',
    'document',
    'sticker',
    'location',
    'contacts',
    'reaction',
    'template',
  ],
  quotes: true,
  observes: ['sent', 'received', 'read', 'failed'],
}

/** WhatsApp by Meta's Cloud API. Facts: PROVIDERS A; sources are named at the lines that rest on one. */
export const whatsapp = defineConnector<typeof config>({
  connector: 'whatsapp',
  title: 'WhatsApp',
  config,
  can: () => CAN,
  limits,
  keyOf: config => config.phoneNumberId,
  receive: {
    verify: { secrets: config => listOf(config.appSecret), check: signedByMeta },
    hello: (request, config) => subscribed(request, listOf(config.verifyToken)),
    parse,
    // "Decreasing over 36 h", or "up to 7 days": sources differ, both are hours (A2).
    redelivers: 'hours',
  },
  send,
  fetchMedia,
  check,
  simulation: async () => (await import('./simulation.ts')).simulation,
})

/** The portfolio shares the messaging limit (A11); an account belongs to one, and stands in where that is unknown. */
function limits(config: WhatsAppConfig, live: Live): Limits {
  return {
    account: config.portfolioId ?? config.wabaId ?? config.phoneNumberId,
    perSecond: config.limits?.perSecond ?? live.perSecond ?? THROUGHPUT[config.throughput ?? 'standard'],
  }
}

const FIELDS = 'quality_rating,whatsapp_business_manager_messaging_limit,throughput,name_status,status'

async function check(config: WhatsAppConfig, io: Io): Promise<Health> {
  try {
    const answer = await io.http({
      method: 'GET',
      url: `${numberUrl(config)}?fields=${FIELDS}`,
      headers: { authorization: `Bearer ${config.accessToken}` },
      signal: io.signal,
    })
    if (answer.status === 200) {
      await answer.text()
      return { state: 'ok', at: io.now() }
    }
    throw await refusalOf(answer, io)
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    const { code, provider } = error.failure
    const why = [code, provider?.code, provider?.title].filter(word => word !== undefined).join(': ')
    // Not reached is not refused: what was known about the credentials stays unknown.
    const state = code === 'unreachable' || code === 'noAnswer' ? 'unknown' : 'failing'
    return { state, why, at: io.now() }
  }
}
