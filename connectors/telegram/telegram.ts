import { timingSafeEqual } from 'node:crypto'
import { type Static, Type } from 'typebox'
import type { Health } from '../../model/channel.ts'
import { SendFailure } from '../../model/failure.ts'
import { type Capabilities, defineConnector, type Io, type WebhookRequest } from '../connector.ts'
import { type Json, numberIn, objectOf, textIn } from '../kit/json.ts'
import { listOf, secret, verifyingSecret } from '../kit/secret.ts'
import { everyChannel } from '../kit/settings.ts'
import { ask, call, fetchMedia } from './call.ts'
import { parse, UPDATES } from './parse.ts'
import { poll } from './poll.ts'
import { act, send } from './send.ts'

const MB = 1024 * 1024

const command = Type.Object(
  {
    command: Type.String({ pattern: '^[a-z0-9_]{1,32}$' }),
    description: Type.String({ minLength: 1, maxLength: 256 }),
  },
  { additionalProperties: false },
)

const config = Type.Object(
  {
    botToken: secret('What @BotFather gave for the bot.', '^[0-9]{1,16}:[A-Za-z0-9_-]{30,64}$'),
    secretToken: Type.Optional(
      verifyingSecret(
        'Any word of yours: Telegram sends it with every webhook. Needed unless mode is poll.',
        '^[A-Za-z0-9_-]{1,256}$',
      ),
    ),
    mode: Type.Optional(
      Type.Enum(['webhook', 'poll'], {
        description:
          'webhook (if absent): Telegram calls publicUrl. poll: we ask, for where nobody can call.',
      }),
    ),
    commands: Type.Optional(
      Type.Array(command, { maxItems: 100, description: "The bot's menu; set by a check." }),
    ),
    ...everyChannel,
  },
  { additionalProperties: false },
)

export type TelegramConfig = Static<typeof config>

/** Messages a second of one bot, all chats together (PROVIDERS D4). */
const PER_SECOND = 30

/** What comes back from a button has 64 bytes (PROVIDERS D2). */
const ID_BYTES_MAX = 64
/** Below a message: as many and as long as a person still reads on a phone; Telegram names no number. */
const BUTTONS = { max: 20, titleMax: 64, textMax: 2048 }
/** With the text in between, what stands above and below is within the 4096 of a message, or the 1024 of a caption. */
const AROUND = { headerMax: 256, footerMax: 60, captionMax: 960 }

/** PROVIDERS D3, K. */
const CAN: Capabilities = {
  text: { max: 4096, unit: 'characters' },
  captionMax: 1024,
  media: {
    image: { bytesMax: 10 * MB, mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], caption: true },
    video: { bytesMax: 50 * MB, mimeTypes: ['video/mp4'], caption: true },
    audio: {
      bytesMax: 50 * MB,
      mimeTypes: ['audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/ogg'],
      caption: true,
    },
    document: { bytesMax: 50 * MB, caption: true },
    sticker: {
      bytesMax: MB / 2,
      mimeTypes: ['image/webp', 'application/x-tgsticker', 'video/webm'],
      caption: false,
    },
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
    'buttons',
    'list',
    'request',
    'reaction',
  ],
  buttons: { ...BUTTONS, idBytesMax: ID_BYTES_MAX, urls: 'mixed', around: { ...AROUND, media: true } },
  // Keys in the place of the letters: a tap writes its title as the person's own message.
  quick: { ...BUTTONS, typed: true },
  // There is no such thing: rows are buttons, and what stands beside them is text above, of 4096 with all the rest.
  list: {
    rowsMax: 20,
    titleMax: 40,
    descriptionMax: 72,
    sectionTitleMax: 24,
    textMax: 800,
    idBytesMax: ID_BYTES_MAX,
    around: AROUND,
  },
  requests: ['location', 'contact'],
  quotes: true,
  // There are no receipts of any kind (D3): what a person got or read nobody knows.
  observes: ['sent', 'failed'],
}

/** Telegram by its Bot API. Facts: PROVIDERS D; sources are named at the lines that rest on one. */
export const telegram = defineConnector<typeof config>({
  connector: 'telegram',
  title: 'Telegram',
  config,
  can: () => CAN,
  limits: (config, live) => ({
    account: botOf(config),
    perSecond: config.limits?.perSecond ?? live.perSecond ?? PER_SECOND,
  }),
  keyOf: botOf,
  receive: {
    verify: {
      secrets: ({ secretToken }) => (secretToken === undefined ? [] : listOf(secretToken)),
      check: isSecret,
    },
    parse,
    // Up to 24 h after the event, the first pauses short (D1).
    redelivers: 'hours',
  },
  poll,
  send,
  act,
  fetchMedia,
  check,
  simulation: async () => (await import('./simulation.ts')).simulation,
})

/** A token begins with the number of its bot. */
export function botOf({ botToken }: TelegramConfig): string {
  return botToken.slice(0, botToken.indexOf(':'))
}

/** Plain equality, and no signature (PROVIDERS D1): whoever knows the word may write anything. */
function isSecret(request: WebhookRequest, secretToken: string): boolean {
  const [given, known] = [request.headers['x-telegram-bot-api-secret-token'] ?? '', secretToken].map(word =>
    Buffer.from(word),
  ) as [Buffer, Buffer]
  return given.length === known.length && timingSafeEqual(given, known)
}

/**
 * Proves the token, and brings about what the config says: without a webhook nothing comes in, so one that is missing
 * is set. One that leads elsewhere is somebody's, and only told.
 */
async function check(config: TelegramConfig, io: Io, webhookUrl?: string): Promise<Health> {
  try {
    await call(ask('getMe', {}), config, io)
    if (config.commands !== undefined)
      await call(ask('setMyCommands', { commands: config.commands }), config, io)
    const info = objectOf(await call(ask('getWebhookInfo', {}), config, io)) ?? {}
    if (config.mode === 'poll') return { state: 'ok', at: io.now() }
    return { ...(await checkWebhook(info, webhookUrl, config, io)), at: io.now() }
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    const { code, provider } = error.failure
    const why = [code, provider?.code, provider?.title].filter(word => word !== undefined).join(': ')
    // Not reached is not refused: what was known about the credentials stays unknown.
    const state = code === 'unreachable' || code === 'noAnswer' ? 'unknown' : 'failing'
    return { state, why, at: io.now() }
  }
}

async function checkWebhook(
  info: Json,
  webhookUrl: string | undefined,
  config: TelegramConfig,
  io: Io,
): Promise<Health> {
  const [secret] = listOf(config.secretToken ?? [])
  if (secret === undefined)
    return { state: 'failing', why: 'secretToken is missing: no webhook would be believed' }
  const url = textIn(info, 'url')
  if (url === undefined && webhookUrl === undefined) return { state: 'ok', why: 'no webhook is set' }
  if (url !== undefined && webhookUrl !== undefined && url !== webhookUrl) {
    return { state: 'failing', why: `another webhook is set: ${url}; delete it to use this channel` }
  }
  // Also where it is set already: a replaced secret and new kinds of updates are told by this call alone.
  if (webhookUrl !== undefined) {
    const webhook = { url: webhookUrl, secret_token: secret, allowed_updates: UPDATES }
    await call(ask('setWebhook', webhook), config, io)
  }
  const [fault, waiting] = [textIn(info, 'last_error_message'), numberIn(info, 'pending_update_count')]
  if (!waiting) return { state: 'ok' }
  return {
    state: 'ok',
    why: `${waiting} updates wait${fault === undefined ? '' : `; last refused: ${fault}`}`,
  }
}
