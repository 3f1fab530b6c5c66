import type { Json } from '../kit/json.ts'

/** What stands in an item; `of` is the message that it is about, where it is about one. */
type Sample = (of: string) => Json

const message =
  (said: Json): Sample =>
  () => ({ message: said })
const attached = (type: string, payload?: Json, more: Json = {}): Sample =>
  message({ attachments: [{ type, ...(payload !== undefined && { payload }), ...more }] })

/** One of every kind of item, row by row as PROVIDERS B2 and C2 list them; media point nowhere. */
export const SAMPLES: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  ['text', message({ text: 'hola' })],
  ['quick-reply', message({ text: 'Yes', quick_reply: { payload: 'YES' } })],
  ['reply', of => ({ message: { text: 'this one', reply_to: { mid: of } } })],
  ['location', attached('location', { coordinates: { lat: 19.4326, long: -99.1332 } })],
  ['link', attached('fallback', undefined, { title: 'Shop', url: 'https://example.com/shop' })],
  ['heart', attached('like_heart')],
  ['story-mention', attached('story_mention', { url: 'https://example.com/story' })],
  [
    'story-reply',
    message({ text: 'Nice!', reply_to: { story: { id: '179', url: 'https://example.com/s' } } }),
  ],
  ['unsupported', message({ is_unsupported: true })],
  ['postback', () => ({ postback: { mid: 'm_tap', title: 'Start', payload: 'GET_STARTED' } })],
  ['referral', () => ({ referral: { ref: 'camp-7', source: 'SHORTLINK', type: 'OPEN_THREAD' } })],
  [
    'ad',
    message({ text: 'Hi', referral: { source: 'ADS', ad_id: '60', ads_context_data: { ad_title: 'Sale' } } }),
  ],
  ['reaction', of => ({ reaction: { mid: of, action: 'react', reaction: 'love', emoji: '❤️' } })],
  ['unreact', of => ({ reaction: { mid: of, action: 'unreact' } })],
  ['edit', of => ({ message_edit: { mid: of, text: 'edited', num_edit: 1 } })],
  ['unsend', of => ({ message: { mid: of, is_deleted: true } })],
  [
    'opt-in',
    () => ({ optin: { type: 'notification_messages', payload: 'NEWS', user_token_status: 'NOT_REFRESHED' } }),
  ],
  [
    'opt-out',
    () => ({ optin: { type: 'notification_messages', notification_messages_status: 'STOP_NOTIFICATIONS' } }),
  ],
  ['handover', () => ({ pass_thread_control: { new_owner_app_id: '1', previous_owner_app_id: '2' } })],
  ['policy', () => ({ policy_enforcement: { action: 'block', reason: 'The Page breaks a rule.' } })],
])
