import type { Clock } from '../../model/clock.ts'
import { type Json, listIn, objectOf, textIn } from '../kit/json.ts'
import { type MetaAnswer, refusal } from './sim-errors.ts'
import type { SimNumber } from './sim-limits.ts'
import type { People } from './sim-people.ts'
import type { SimTemplate } from './sim-template.ts'

/** News of the account by hand: a `field` of PROVIDERS A5, and what its value says besides the sample's. */
export type InjectedNews = { field: string; value?: Json; number?: string }

export type Account = {
  /** Any name is an approved utility template if undefined; the list shows one then. */
  templates: () => readonly SimTemplate[] | undefined
  /** `GET /{phone-number-id}` (PROVIDERS A1). */
  numberInfo: (number: SimNumber) => MetaAnswer
  /** `GET /{waba-id}/message_templates`; undefined: that account is not here. */
  listTemplates: (waba: string, query: URLSearchParams) => MetaAnswer | undefined
  /** Makes it so, and says the body of the webhook that tells it. @throws Error for a field without a sample */
  news: (injected: InjectedNews) => string
}

type Known = SimTemplate & { quality?: string }
type State = {
  quality: Map<string, string>
  level: Map<string, string>
  tier: unknown
  templates: Known[] | undefined
}

/** The account behind the numbers: how much may be sent, what people think of it, and its templates. */
export function createAccount(
  numbers: readonly SimNumber[],
  templates: readonly SimTemplate[] | undefined,
  people: People,
  clock: Clock,
): Account {
  const state: State = {
    quality: new Map(),
    level: new Map(),
    tier: 'TIER_250',
    templates: templates?.map(template => ({ ...template })),
  }
  return {
    templates: () => state.templates,
    numberInfo: number => infoOf(state, number),
    listTemplates: (waba, query) =>
      numbers.some(({ wabaId }) => wabaId === waba) ? pageOf(state.templates ?? ANY, query) : undefined,
    news: ({ field, value: changed, number: id }) => {
      const number = id === undefined ? numbers[0] : numbers.find(({ phoneNumberId }) => phoneNumberId === id)
      const sample = NEWS.get(field)
      if (number === undefined) throw new Error(`no such number: ${id}`)
      if (sample === undefined) throw new Error(`no field ${field}: try ${[...NEWS.keys()].join(', ')}`)
      const value = { ...sample(number, clock.now()), ...changed }
      EFFECTS.get(field)?.(value, state, { number, people })
      const entry = {
        id: number.wabaId ?? '0',
        time: Math.floor(clock.now() / 1000),
        changes: [{ field, value }],
      }
      return JSON.stringify({ object: 'whatsapp_business_account', entry: [entry] })
    },
  }
}

/** What the list shows where any name may be sent. */
const ANY: readonly Known[] = [
  {
    ...{ name: 'order_ready', language: 'en_US', category: 'utility' },
    components: [{ type: 'BODY', text: 'Your order {{1}} is ready.' }],
  },
]

function infoOf({ quality, level, tier }: State, number: SimNumber): MetaAnswer {
  const { phoneNumberId: id, displayPhoneNumber, perSecond = 80 } = number
  const info = {
    id,
    display_phone_number: displayPhoneNumber,
    quality_rating: quality.get(id) ?? 'GREEN',
    whatsapp_business_manager_messaging_limit: tier,
    throughput: { level: level.get(id) ?? (perSecond >= 1000 ? 'HIGH' : 'STANDARD') },
    name_status: 'APPROVED',
    status: 'CONNECTED',
  }
  return { status: 200, body: JSON.stringify(info) }
}

/** By cursor, as the Graph API pages everything; `next` is there for as long as there is one. */
function pageOf(templates: readonly Known[], query: URLSearchParams): MetaAnswer {
  const limit = Number(query.get('limit') ?? 25)
  const from = Number(query.get('after') ?? 0)
  if (!(limit >= 1 && limit <= 1000) || !Number.isInteger(from)) return refusal(100, 'limit or cursor')
  const data = templates.slice(from, from + limit).map(({ status, category, quality, ...known }, at) => ({
    id: String(900_000 + from + at),
    name: known.name,
    language: known.language,
    status: status ?? 'APPROVED',
    category: category.toUpperCase(),
    quality_score: { score: quality ?? 'UNKNOWN' },
    rejected_reason: 'NONE',
    components: known.components ?? [],
  }))
  const end = from + data.length
  const paging = {
    cursors: { before: String(from), after: String(end) },
    ...(end < templates.length && { next: `https://graph.facebook.com/next?after=${end}` }),
  }
  return { status: 200, body: JSON.stringify({ data, ...(data.length > 0 && { paging }) }) }
}

type News = (number: SimNumber, now: number) => Json

const just =
  (value: Json): News =>
  () =>
    value
const ofNumber =
  (value: Json): News =>
  ({ displayPhoneNumber }) => ({ display_phone_number: displayPhoneNumber, ...value })
const ofMessages =
  (value: (now: number) => Json): News =>
  ({ displayPhoneNumber, phoneNumberId }, now) => ({
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: displayPhoneNumber, phone_number_id: phoneNumberId },
    ...value(now),
  })
const template: Json = {
  message_template_id: 594425479261596,
  message_template_name: 'order_ready',
  message_template_language: 'en-US',
}

/** One sample of each field that is not messages (PROVIDERS A5); what a request says goes over it. */
const NEWS: ReadonlyMap<string, News> = new Map<string, News>([
  ['account_alerts', just({ entity_type: 'BUSINESS', entity_id: '506914307656634', alert_info: {} })],
  ['account_review_update', just({ decision: 'APPROVED' })],
  ['account_update', just({ event: 'ACCOUNT_VIOLATION', violation_info: { violation_type: 'ADULT' } })],
  [
    'business_capability_update',
    just({ max_daily_conversations_per_business: 'TIER_2K', max_phone_numbers_per_business: 20 }),
  ],
  ['business_username_update', ofNumber({ username: 'acme', status: 'approved' })],
  ['message_template_components_update', just({ ...template, message_template_element: 'Hola {{1}}' })],
  [
    'message_template_quality_update',
    just({ ...template, previous_quality_score: 'GREEN', new_quality_score: 'YELLOW' }),
  ],
  [
    'message_template_status_update',
    just({ ...template, event: 'APPROVED', message_template_category: 'UTILITY', reason: null }),
  ],
  ['phone_number_name_update', ofNumber({ decision: 'APPROVED', requested_verified_name: 'Acme' })],
  [
    'phone_number_quality_update',
    ofNumber({
      event: 'THROUGHPUT_UPGRADE',
      old_limit: 'TIER_10K',
      max_daily_conversations_per_business: 'TIER_UNLIMITED',
    }),
  ],
  ['security', ofNumber({ event: 'PIN_CHANGED' })],
  ['smb_app_state_sync', ofMessages(() => ({ state_sync: [] }))],
  ['history', ofMessages(() => ({ history: [] }))],
  [
    'template_category_update',
    just({ ...template, previous_category: 'UTILITY', new_category: 'MARKETING' }),
  ],
  [
    'user_preferences',
    ofMessages(now => ({
      user_preferences: [
        {
          wa_id: '5215512345678',
          detail: 'User requested to stop marketing messages',
          category: 'marketing_messages',
          value: 'stop',
          timestamp: Math.floor(now / 1000),
        },
      ],
    })),
  ],
])

type Effect = (value: Json, state: State, about: { number: SimNumber; people: People }) => void

/** What is told is also so from then on: the next send, the next look at the number or the list shows it. */
const EFFECTS: ReadonlyMap<string, Effect> = new Map<string, Effect>([
  ['business_capability_update', (value, state) => setTier(value, state)],
  [
    'phone_number_quality_update',
    (value, state, { number }) => {
      setTier(value, state)
      if (value['event'] === 'THROUGHPUT_UPGRADE') state.level.set(number.phoneNumberId, 'HIGH')
      if (value['event'] === 'FLAGGED') state.quality.set(number.phoneNumberId, 'RED')
      if (value['event'] === 'UNFLAGGED') state.quality.set(number.phoneNumberId, 'YELLOW')
    },
  ],
  [
    'message_template_status_update',
    (value, state) => {
      const known = templateOf(value, state)
      const event = textIn(value, 'event') ?? ''
      // A warning, or that nobody may edit it: sent as before.
      if (known !== undefined && !['FLAGGED', 'LOCKED'].includes(event)) {
        known.status = event === 'REINSTATED' ? 'APPROVED' : event
      }
    },
  ],
  [
    'message_template_quality_update',
    (value, state) => {
      const known = templateOf(value, state)
      if (known !== undefined) known.quality = textIn(value, 'new_quality_score') ?? 'UNKNOWN'
    },
  ],
  [
    'template_category_update',
    (value, state) => {
      const known = templateOf(value, state)
      const category = textIn(value, 'new_category')?.toLowerCase()
      if (known && (category === 'utility' || category === 'marketing')) known.category = category
    },
  ],
  [
    'user_preferences',
    (value, _state, { people }) => {
      for (const item of listIn(value, 'user_preferences')) {
        const preference = objectOf(item)
        const who = textIn(preference, 'wa_id') ?? textIn(preference, 'user_id')
        if (who !== undefined) people[preference?.['value'] === 'stop' ? 'optOut' : 'resume'](who)
      }
    },
  ],
])

function setTier(value: Json, state: State): void {
  state.tier = value['max_daily_conversations_per_business'] ?? state.tier
}

/** Webhooks write `en-US` for what sends call `en_US` (A7). */
function templateOf(value: Json, { templates }: State): Known | undefined {
  const language = textIn(value, 'message_template_language')?.replace('-', '_')
  return templates?.find(
    known => known.name === value['message_template_name'] && known.language === language,
  )
}
