import { type Static, Type } from 'typebox'
import { phoneOf } from '../../model/address.ts'
import type { Live } from '../../model/channel.ts'
import { type Capabilities, defineConnector, type Limits } from '../connector.ts'
import { listOf, secret, verifyingSecret } from '../kit/secret.ts'
import { everyChannel } from '../kit/settings.ts'
import { signedByMeta, subscribed } from '../meta/meta.ts'
import { act } from './act.ts'
import { check } from './check.ts'
import { MAX } from './interactive.ts'
import { fetchMedia } from './media.ts'
import { parse } from './parse.ts'
import { send } from './send.ts'
import { templates } from './templates.ts'
import { THROUGHPUT } from './tier.ts'

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
    wabaId: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,32}$',
        description: 'Id of the account: without it its templates, limits and restrictions are not heard of.',
      }),
    ),
    phoneNumber: Type.Optional(
      Type.String({
        pattern: '^[+]?[0-9][0-9 ().-]{6,24}$',
        description: 'The number itself, by which Meta calls it in what is not about a message.',
      }),
    ),
    messagingAccountId: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,32}$',
        description: 'Goes with every message; needed when the token sees several messaging accounts.',
      }),
    ),
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

const AROUND = { headerMax: MAX.header, footerMax: MAX.footer }

/** PROVIDERS A6, A8, K. */
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
    'buttons',
    'list',
    'flow',
    'request',
  ],
  buttons: {
    max: MAX.buttons,
    titleMax: MAX.buttonTitle,
    textMax: MAX.body,
    idBytesMax: MAX.buttonId,
    // One that opens a link is a message of another kind.
    urls: 'alone',
    unique: true,
    around: { ...AROUND, media: true },
  },
  list: {
    rowsMax: MAX.rows,
    titleMax: MAX.rowTitle,
    textMax: MAX.listBody,
    sectionsMax: MAX.sections,
    sectionTitleMax: MAX.sectionTitle,
    descriptionMax: MAX.rowDescription,
    buttonMax: MAX.buttonTitle,
    idBytesMax: MAX.rowId,
    around: AROUND,
  },
  requests: ['location', 'contact'],
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
  namesOf,
  receive: {
    verify: { secrets: config => listOf(config.appSecret), check: signedByMeta },
    hello: (request, config) => subscribed(request, listOf(config.verifyToken)),
    parse,
    // "Decreasing over 36 h", or "up to 7 days": sources differ, both are hours (A2).
    redelivers: 'hours',
  },
  send,
  act,
  fetchMedia,
  templates,
  check,
  simulation: async () => (await import('./simulation.ts')).simulation,
})

/** News of an account name it, and some the number by its digits: never by the id that messages have (PROVIDERS A5). */
function namesOf({ wabaId, phoneNumber }: WhatsAppConfig): string[] {
  const phone = phoneNumber === undefined ? undefined : phoneOf(phoneNumber)
  return [wabaId, phone].filter(name => name !== undefined)
}

/** The portfolio shares the messaging limit (A11); an account belongs to one, and stands in where that is unknown. */
function limits(config: WhatsAppConfig, live: Live): Limits {
  return {
    account: config.portfolioId ?? config.wabaId ?? config.phoneNumberId,
    perSecond: config.limits?.perSecond ?? perSecondOf(config, live),
  }
}

/** A coexistence number stays at its 20 whatever Meta calls its level (A11). */
function perSecondOf({ throughput = 'standard' }: WhatsAppConfig, live: Live): number {
  if (throughput === 'coexistence') return THROUGHPUT.coexistence
  return live.perSecond ?? THROUGHPUT[throughput]
}
