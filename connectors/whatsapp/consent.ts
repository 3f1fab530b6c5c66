import type { Inbound } from '../connector.ts'
import { type Json, listIn, objectOf, textIn } from '../kit/json.ts'
import { timeOf } from '../meta/time.ts'
import type { Told } from './account.ts'
import { isUserId, phoneIn, type Who, whoOf } from './who.ts'

const STATES = new Map([
  ['stop', 'withdrawn'],
  ['resume', 'granted'],
] as const) as ReadonlyMap<string, 'withdrawn' | 'granted'>

/**
 * `user_preferences`: people who want no more marketing, or want it again (PROVIDERS A5).
 */
export function readPreferences(value: Json, told: Told): Inbound[] {
  return listIn(value, 'user_preferences').flatMap((item): Inbound[] => {
    const preference = objectOf(item)
    const said = textIn(preference, 'value')
    const state = STATES.get(said ?? '')
    const at = timeOf(preference?.['timestamp']) ?? told.at
    if (preference?.['category'] !== 'marketing_messages' || state === undefined) return []
    const [phone, userId] = [phoneIn(textIn(preference, 'wa_id')), textIn(preference, 'user_id')]
    const who = whoOf(phone, isUserId(userId) ? userId : undefined)
    if (who === undefined) return [{ to: told.to, kind: 'rejected', why: 'sender' }]
    return [consent(told.to, { ...who, at, state, raw: said ?? '' })]
  })
}

/**
 * A receipt that says "User has stopped marketing messages" tells the same (131050; PROVIDERS, rule 10). Its user id
 * joins nobody, as of any receipt: it stands in where there is no phone.
 */
export function consentIn(receipt: Inbound, status: Json | undefined): Inbound[] {
  if (receipt.kind !== 'receipt' || receipt.failure?.provider?.code !== '131050') return []
  // Of a group `recipient_id` is the group.
  if (status?.['recipient_type'] === 'group') return []
  const [phone, userId] = [phoneIn(textIn(status, 'recipient_id')), textIn(status, 'recipient_user_id')]
  const who = whoOf(phone, isUserId(userId) ? userId : undefined)
  if (who === undefined) return []
  const { address } = who
  return [consent(receipt.to, { address, at: receipt.at, state: 'withdrawn', raw: '131050' })]
}

type Consent = Who & { at: number; state: 'withdrawn' | 'granted'; raw: string }

function consent(to: string, said: Consent): Inbound {
  const key = `consent:${said.address.value}:${said.at}:${said.raw}`
  return { to, kind: 'consent', key, category: 'marketing', ...said }
}
