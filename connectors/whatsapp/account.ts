import type { Health, Live } from '../../model/channel.ts'
import type { Inbound } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { readPreferences } from './consent.ts'
import { readTemplateCategory, readTemplateQuality, readTemplateStatus } from './templates.ts'
import { THROUGHPUT, tierOf } from './tier.ts'
import { phoneIn } from './who.ts'

/** Where a change of the account stands: whom it names, the account of its entry, and when. */
export type Told = { to: string; account: string; at: number; field: string; change: Json }

type Read = (value: Json, told: Told) => Inbound[]

/**
 * What Meta tells about an account, its numbers and templates (PROVIDERS A5), by `field`. Such a webhook names the
 * account and sometimes a number by its digits, never the id by which messages name it: `namesOf` tells the gateway.
 * A field whose item list is empty is counted as ignored, under its name.
 */
export const ACCOUNT_FIELDS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['account_alerts', readAlert],
  ['account_review_update', readReview],
  ['account_update', readAccount],
  ['business_capability_update', readCapability],
  ['message_template_quality_update', readTemplateQuality],
  ['message_template_status_update', readTemplateStatus],
  ['phone_number_name_update', readName],
  ['phone_number_quality_update', readQuality],
  ['template_category_update', readTemplateCategory],
  ['user_preferences', readPreferences],
])

function limits(to: string, { at }: Told, live: Live, raw: string): Inbound {
  return { to, kind: 'limits', at, live, raw }
}

function health(to: string, { at }: Told, state: Health['state'], why?: string): Inbound {
  return { to, kind: 'channel', health: { state, ...(why !== undefined && { why }), at } }
}

/** How payloads about one number name it: `+` and digits, as `namesOf` has it. undefined if they do not say. */
function numberNamed(value: Json): string | undefined {
  return phoneIn(textIn(value, 'display_phone_number'))
}

/** The limit is the portfolio's (A10); speed and quality are the number's. */
function readQuality(value: Json, told: Told): Inbound[] {
  const raw = textIn(value, 'event') ?? told.field
  // `current_limit` was removed in February 2026.
  const tier = tierOf(value['max_daily_conversations_per_business'] ?? value['current_limit'])
  const number = numberNamed(value)
  const live = OF_EVENT.get(raw)
  return [
    ...(tier === undefined ? [] : [limits(told.account, told, { tier }, raw)]),
    ...(number === undefined || live === undefined ? [] : [limits(number, told, live, raw)]),
  ]
}

/** A5. The two about flags are of old: a number that was one of the worst, and is so no longer. */
const OF_EVENT: ReadonlyMap<string, Live> = new Map<string, Live>([
  ['THROUGHPUT_UPGRADE', { perSecond: THROUGHPUT.high }],
  ['FLAGGED', { quality: 'red' }],
  ['UNFLAGGED', { quality: 'yellow' }],
])

function readCapability(value: Json, told: Told): Inbound[] {
  const said = value['max_daily_conversations_per_business']
  const tier = tierOf(said)
  return tier === undefined ? [] : [limits(told.account, told, { tier }, String(said))]
}

/** Events of the account that say whether it may send; the others are of no use here (A5). */
const ACCOUNT: ReadonlyMap<string, (value: Json) => [Health['state'], string?] | undefined> = new Map([
  ['ACCOUNT_DELETED', () => ['failing', 'The account was deleted.']],
  [
    'ACCOUNT_VIOLATION',
    value => {
      const type = textIn(objectIn(value, 'violation_info'), 'violation_type')
      return ['failing', `The account broke a policy of Meta${type === undefined ? '' : `: ${type}`}.`]
    },
  ],
  ['ACCOUNT_RESTRICTION', value => ['failing', restrictionOf(value)]],
  ['DISABLED_UPDATE', banOf],
  ['PARTNER_REMOVED', () => ['failing', 'The app was removed from the account.']],
  ['PARTNER_APP_UNINSTALLED', () => ['failing', 'The app was uninstalled from the account.']],
] as const satisfies [string, (value: Json) => [Health['state'], string?] | undefined][])

function readAccount(value: Json, told: Told): Inbound[] {
  const says = ACCOUNT.get(textIn(value, 'event') ?? '')?.(value)
  return says === undefined ? [] : [health(told.account, told, ...says)]
}

function restrictionOf(value: Json): string {
  const each = listIn(value, 'restriction_info').map(item => {
    const info = objectOf(item)
    const until = Number(info?.['expiration'])
    const ends = until > 0 && until < 1e11 ? ` until ${new Date(until * 1000).toISOString()}` : ''
    return `${textIn(info, 'restriction_type') ?? 'unnamed'}${ends}`
  })
  return `The account is restricted: ${each.length === 0 ? 'unnamed' : each.join(', ')}.`
}

function banOf(value: Json): [Health['state'], string?] | undefined {
  const ban = objectIn(value, 'ban_info')
  const date = textIn(ban, 'waba_ban_date')
  switch (textIn(ban, 'waba_ban_state')) {
    case 'DISABLE':
      return ['failing', 'Meta has disabled the account.']
    case 'SCHEDULE_FOR_DISABLE':
      return ['failing', `Meta will disable the account${date === undefined ? '' : ` on ${date}`}.`]
    case 'REINSTATE':
      return ['ok']
    default:
      return undefined
  }
}

/** Only what is critical and still so; the rest is news for people, which the WhatsApp Manager shows. */
function readAlert(value: Json, told: Told): Inbound[] {
  const info = objectIn(value, 'alert_info')
  if (textIn(info, 'alert_severity') !== 'CRITICAL' || textIn(info, 'alert_status') !== 'ACTIVE') return []
  const why = textIn(info, 'alert_description') ?? textIn(info, 'alert_type') ?? 'An unnamed alert.'
  const number = textIn(value, 'entity_type') === 'PHONE_NUMBER' ? idIn(value, 'entity_id') : undefined
  return [health(number ?? told.account, told, 'failing', why)]
}

function idIn(object: Json, key: string): string | undefined {
  const value = object[key]
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textIn(object, key)
}

function readReview(value: Json, told: Told): Inbound[] {
  const decision = textIn(value, 'decision')
  if (decision === 'APPROVED') return [health(told.account, told, 'ok')]
  if (decision !== 'REJECTED') return []
  return [health(told.account, told, 'failing', 'Meta has rejected the account after a review.')]
}

/** Without an approved name a number may not send: 131037. */
function readName(value: Json, told: Told): Inbound[] {
  const number = numberNamed(value)
  if (number === undefined || textIn(value, 'decision') !== 'REJECTED') return []
  const [name, reason] = [textIn(value, 'requested_verified_name'), textIn(value, 'rejection_reason')]
  const because = reason === undefined || reason === 'NONE' ? '' : `: ${reason}`
  return [health(number, told, 'failing', `The display name ${name ?? ''} was rejected${because}.`)]
}
