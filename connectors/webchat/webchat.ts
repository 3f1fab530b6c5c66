import { type Static, Type } from 'typebox'
import type { Health } from '../../model/channel.ts'
import { type ActIo, type Action, type Capabilities, defineConnector, type Outbound } from '../connector.ts'
import { verifyingSecret } from '../kit/secret.ts'
import { everyChannel } from '../kit/settings.ts'
import type { DaemonFrame } from './frames.ts'

const MB = 1024 * 1024
/** Characters of one message, either way. */
export const TEXT_MAX = 16_384
/** Bytes of one file, either way; what a channel allows its visitors is less or equal. */
export const FILE_BYTES_MAX = 100 * MB
export const FILE_BYTES_DEFAULT = 20 * MB

const LOCALES = ['auto', 'es', 'pt', 'it', 'en'] as const
const words = <T extends string>(values: readonly T[], description: string) =>
  Type.Enum([...values], { description })
const short = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, description })
const optional = Type.Optional

/** `https://www.example.com`, `https://*.example.com`, `http://localhost:*`: no path, no slash at the end. */
const NAME = '[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
const ORIGIN = `^https?://(\\*\\.)?${NAME}(\\.${NAME})*(:([0-9]{1,5}|\\*))?$`

const theme = Type.Object(
  {
    color: optional(Type.String({ pattern: '^#[0-9a-fA-F]{6}$', description: 'Six hex digits: #0057b8.' })),
    position: optional(words(['right', 'left'], 'The lower corner of the window.')),
    offset: optional(
      Type.Object(
        {
          x: optional(Type.Integer({ minimum: 0, maximum: 500 })),
          y: optional(Type.Integer({ minimum: 0, maximum: 500 })),
        },
        { additionalProperties: false, description: 'Pixels from the edges of the window.' },
      ),
    ),
    dark: optional(words(['auto', 'light', 'dark'], "auto: as the visitor's system is.")),
    title: optional(short(80, 'The name on top.')),
    subtitle: optional(short(120, 'Under the name.')),
    greeting: optional(short(1_000, 'The first words, before anybody wrote.')),
    sound: optional(Type.Boolean({ description: 'A sound with each answer; off by default.' })),
  },
  { additionalProperties: false, description: 'How it looks.' },
)

const formField = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,39}$',
      description: 'The answer is form.<name> of the conversation; `name` also names a nameless contact.',
    }),
    kind: words(['text', 'email', 'phone', 'select', 'checkbox'], 'What is asked for.'),
    label: Type.Union([
      short(200, 'In the language of the website.'),
      Type.Record(Type.String({ pattern: '^[a-z]{2}$' }), Type.String({ minLength: 1, maxLength: 200 }), {
        description: 'By language.',
      }),
    ]),
    required: optional(Type.Boolean()),
    options: optional(Type.Array(short(100, 'A choice.'), { minItems: 1, maxItems: 50 })),
  },
  { additionalProperties: false },
)

const config = Type.Object(
  {
    origins: Type.Array(
      Type.String({
        maxLength: 255,
        pattern: ORIGIN,
        description: 'https://www.example.com, https://*.example.com or http://localhost:*; no path.',
      }),
      { maxItems: 100, description: 'Websites that may show this chat; our own demo page always may.' },
    ),
    identitySecret: optional(
      verifyingSecret("With it the website's server signs who a visitor is; keep it out of the page."),
    ),
    identity: optional(
      words(
        ['off', 'optional', 'required'],
        'off: nobody is identified. optional: what is signed identifies, the rest is noted. ' +
          'required: what is not signed is refused, and the visitor stays anonymous.',
      ),
    ),
    theme: optional(theme),
    locale: optional(words(LOCALES, "auto: the browser's language, if it is one of the four.")),
    preChat: optional(
      Type.Array(formField, { maxItems: 20, description: 'Asked before the first message.' }),
    ),
    files: optional(
      Type.Object(
        {
          bytesMax: optional(
            Type.Integer({ minimum: 0, maximum: FILE_BYTES_MAX, description: '0: visitors send no files.' }),
          ),
        },
        { additionalProperties: false, description: 'What visitors may send.' },
      ),
    ),
    ...everyChannel,
  },
  { additionalProperties: false },
)

export type WebchatConfig = Static<typeof config>

/** PROVIDERS J, K: it is our own page, so all that it knows how to show goes as it is. */
const MEDIA = { bytesMax: FILE_BYTES_MAX, caption: true }
const CAN: Capabilities = {
  text: { max: TEXT_MAX, unit: 'characters' },
  captionMax: TEXT_MAX,
  media: { image: MEDIA, audio: MEDIA, video: MEDIA, document: MEDIA, sticker: MEDIA },
  carries: ['text', 'image', 'audio', 'video', 'document', 'sticker', 'location', 'buttons', 'list'],
  buttons: {
    max: 20,
    titleMax: 256,
    textMax: TEXT_MAX,
    urls: 'mixed',
    around: { headerMax: TEXT_MAX, footerMax: TEXT_MAX, media: true },
  },
  list: {
    rowsMax: 2_000,
    titleMax: 256,
    textMax: TEXT_MAX,
    around: { headerMax: TEXT_MAX, footerMax: TEXT_MAX },
  },
  quotes: true,
  observes: ['sent', 'received', 'read'],
}

/**
 * The chat of a website. Nobody calls a provider: what is durable in the store is available to the visitor, whose pages
 * follow the log (`gateway/webchat/`). Stored is `sent`; `received` and `read` are told by a page (PROVIDERS J).
 */
export const webchat = defineConnector<typeof config>({
  connector: 'webchat',
  title: 'Website chat',
  config,
  can: () => CAN,
  limits: config => ({ account: null, perSecond: config.limits?.perSecond ?? null }),
  keyOf: (_config, id) => id,
  offline: true,
  send: async ({ reference }: Outbound) => ({ providerIds: [reference], raw: 'stored' }),
  act,
  check: async (config, io): Promise<Health> => {
    const why = warningOf(config)
    return { state: 'ok', ...(why === undefined ? {} : { why }), at: io.now() }
  },
})

/** There is nothing to fail, but what is probably not meant. */
function warningOf({ origins, identity, identitySecret }: WebchatConfig): string | undefined {
  if (origins.length === 0) return 'origins is empty: only our own demo page may show this chat'
  if (identity === undefined || identity === 'off' || identitySecret !== undefined) return undefined
  return 'identity is on without identitySecret: nobody can be identified'
}

async function act(action: Action, _config: WebchatConfig, io: ActIo): Promise<void> {
  if (action.kind === 'typing')
    io.live(action.address, { type: 'typing', on: action.on } satisfies DaemonFrame)
}
