import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Json, listIn, objectIn, objectOf, textIn } from '../../connectors/kit/json.ts'
import { NOTICES, SAMPLES } from '../../connectors/whatsapp/sim-samples.ts'

/** Every row of Meta's tables of messages and statuses (PROVIDERS A3, A4) has a fixture, and a way to be simulated. */
const FOLDER = new URL('../../connectors/whatsapp/fixtures/', import.meta.url)
const changes = readdirSync(FOLDER).flatMap(file => {
  const { request } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { request: Json }
  return objectsIn(objectIn(request, 'body') ?? {}, 'entry').flatMap(entry => objectsIn(entry, 'changes'))
})
const values = objects(changes.map(change => change['value']))
const all = (list: string): Json[] => values.flatMap(value => objectsIn(value, list))

function objects(list: readonly unknown[]): Json[] {
  return list.map(objectOf).filter(object => object !== undefined)
}

function objectsIn(object: Json, key: string): Json[] {
  return objects(listIn(object, key))
}

const simulated = [...SAMPLES.values()].map(make => {
  const { type, content, extra } = make('wamid.1')
  return { type, [type]: content, ...extra } as Json
})
const notices = [...NOTICES.values()].map(make => ({
  type: 'system',
  system: make({ userId: 'MX.1' }, 'MX.2'),
}))

const MESSAGES: readonly (readonly [string, (message: Json) => boolean])[] = [
  ...['text', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contacts'].map(type => of(type)),
  ...['button', 'reaction', 'order', 'edit', 'revoke', 'unsupported', 'voice'].map(type => of(type)),
  ['audio with voice', message => objectIn(message, 'audio')?.['voice'] === true],
  ['sticker that moves', message => objectIn(message, 'sticker')?.['animated'] === true],
  ['location with a page', message => textIn(objectIn(message, 'location'), 'url') !== undefined],
  ['contact request', message => listIn(message, 'contacts').some(card => textIn(objectOf(card), 'vcard'))],
  ...['button_reply', 'list_reply', 'nfm_reply', 'call_permission_reply'].map(
    type => [type, (message: Json) => textIn(objectIn(message, 'interactive'), 'type') === type] as const,
  ),
  [
    'reaction removed',
    message => message['type'] === 'reaction' && !objectIn(message, 'reaction')?.['emoji'],
  ],
  ...['user_changed_number', 'user_changed_user_id'].map(
    type => [type, (message: Json) => textIn(objectIn(message, 'system'), 'type') === type] as const,
  ),
  ['quote', message => textIn(objectIn(message, 'context'), 'id') !== undefined],
  ['forwarded', message => objectIn(message, 'context')?.['forwarded'] === true],
  ['frequently forwarded', message => objectIn(message, 'context')?.['frequently_forwarded'] === true],
  ['referred product', message => objectIn(objectIn(message, 'context'), 'referred_product') !== undefined],
  ['referral', message => objectIn(message, 'referral') !== undefined],
  ['identity', message => objectIn(message, 'identity') !== undefined],
  ['group', message => textIn(message, 'group_id') !== undefined],
  ...[131051, 131052].map(
    code =>
      [`error ${code}`, (m: Json) => listIn(m, 'errors').some(e => objectOf(e)?.['code'] === code)] as const,
  ),
]

function of(type: string): readonly [string, (message: Json) => boolean] {
  return [type, message => message['type'] === type]
}

test.each(MESSAGES)('PROVIDERS A3, %s: a fixture has it, and the simulator can send it', (_row, has) => {
  expect(all('messages').filter(has).length).toBeGreaterThan(0)
  expect([...simulated, ...notices].filter(has).length).toBeGreaterThan(0)
})

const STATUSES: readonly (readonly [string, (status: Json) => boolean])[] = [
  ...['sent', 'delivered', 'read', 'played', 'failed', 'deleted', 'warning'].map(
    word => [word, (status: Json) => status['status'] === word] as const,
  ),
  ['errors', status => listIn(status, 'errors').length > 0],
  ['pricing', status => objectIn(status, 'pricing') !== undefined],
  ['conversation', status => objectIn(status, 'conversation') !== undefined],
  ['our reference', status => textIn(status, 'biz_opaque_callback_data') !== undefined],
  [
    'no phone',
    status => status['recipient_id'] === undefined && textIn(status, 'recipient_user_id') !== undefined,
  ],
  ['group as a whole', status => status['recipient_type'] === 'group' && !memberOf(status)],
  ['recipient_participant_id', status => status['recipient_participant_id'] !== undefined],
  ['participant_recipient_id', status => status['participant_recipient_id'] !== undefined],
]

function memberOf(status: Json): unknown {
  return status['recipient_participant_id'] ?? status['participant_recipient_id']
}

test.each(STATUSES)('PROVIDERS A4, %s: a fixture has it', (_row, has) => {
  expect(all('statuses').filter(has).length).toBeGreaterThan(0)
})

test('PROVIDERS A3 to A5: errors of the account, echoes, and contacts beside statuses have fixtures', () => {
  expect(all('errors').length).toBeGreaterThan(0)
  expect(all('message_echoes').length).toBeGreaterThan(0)
  expect(values.filter(value => value['contacts'] && value['statuses']).length).toBeGreaterThan(0)
})

/** PROVIDERS A5, row by row: each field, and for those with several meanings each word. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  phone_number_quality_update: ['ONBOARDING', 'THROUGHPUT_UPGRADE', 'FLAGGED', 'UNFLAGGED', 'DOWNGRADE'],
  business_capability_update: [],
  account_update: [
    ...['ACCOUNT_DELETED', 'ACCOUNT_VIOLATION', 'ACCOUNT_RESTRICTION', 'DISABLED_UPDATE', 'PARTNER_ADDED'],
    ...['PARTNER_REMOVED', 'PARTNER_APP_INSTALLED', 'PARTNER_APP_UNINSTALLED', 'AD_ACCOUNT_LINKED'],
    ...['MM_LITE_TERMS_SIGNED', 'AUTH_INTL_PRICE_ELIGIBILITY_UPDATE', 'VOLUME_BASED_PRICING_TIER_UPDATE'],
    ...['BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE', 'PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE'],
    ...['DISABLE', 'REINSTATE', 'SCHEDULE_FOR_DISABLE'],
  ],
  account_alerts: [
    ...['OBA_APPROVED', 'OBA_REJECTED', 'PROFILE_PICTURE_LOST', 'CRITICAL', 'WARNING', 'INFORMATIONAL'],
    ...['DEFERRED', 'FAILED', 'NEED_MORE_INFO'].map(how => `INCREASED_CAPABILITIES_ELIGIBILITY_${how}`),
  ],
  account_review_update: ['APPROVED', 'REJECTED'],
  message_template_status_update: [
    ...['APPROVED', 'ARCHIVED', 'DELETED', 'DISABLED', 'FLAGGED', 'IN_APPEAL', 'LIMIT_EXCEEDED', 'LOCKED'],
    ...['PAUSED', 'PENDING', 'REINSTATED', 'PENDING_DELETION', 'REJECTED'],
  ],
  message_template_quality_update: ['YELLOW'],
  template_category_update: ['MARKETING'],
  message_template_components_update: [],
  phone_number_name_update: ['APPROVED', 'REJECTED'],
  user_preferences: ['stop', 'resume'],
  business_username_update: [],
  smb_message_echoes: [],
  smb_app_state_sync: [],
  history: [],
  ...Object.fromEntries(
    ['calls', 'flows', 'security', 'partner_solutions', 'payment_configuration_update', 'automatic_events']
      .concat(['lifecycle', 'participants', 'settings', 'status'].map(what => `group_${what}_update`))
      .map(field => [field, []]),
  ),
}

test.each(Object.entries(FIELDS))(
  'PROVIDERS A5: %s has a fixture, with each of its words',
  (field, words) => {
    const told = changes.filter(change => change['field'] === field)
    expect(told).not.toEqual([])
    const text = JSON.stringify(told)
    for (const word of words) expect(text).toContain(`"${word}"`)
  },
)
