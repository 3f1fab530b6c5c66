import type { Inbound, InboundMessage } from '../connector.ts'
import { type Json, textIn } from '../kit/json.ts'
import { toldWith } from './besides.ts'
import type { About } from './messaging.ts'

/** What happens in a thread and is no message: taps, reactions, links followed, opt-ins (PROVIDERS B2, C2). */

/**
 * A tap on a button, an ice breaker or the menu. Its `mid` is not taken for a name: nothing can be said about a tap,
 * and one that repeats the id of the message with the button would hide the tap.
 */
export function readTap(postback: Json, about: About): Inbound[] {
  const title = textIn(postback, 'title') ?? ''
  // In standby the payload is absent (B2).
  const payload = textIn(postback, 'payload') ?? title
  if (payload === '') return [{ to: about.to, kind: 'rejected', why: 'postbackShape' }]
  return message(about, ['postback', payload], {
    content: { type: 'reply', kind: 'button', payload, text: title },
    ...toldWith(postback, about),
  })
}

/** The names of reactions; `emoji` is not always told. */
const EMOJI: Readonly<Record<string, string>> = {
  angry: '😠',
  dislike: '👎',
  haha: '😆',
  laugh: '😆',
  like: '👍',
  love: '❤️',
  sad: '😢',
  smile: '😆',
  wow: '😮',
}

export function readReaction(event: Json, about: About): Inbound[] {
  const mid = textIn(event, 'mid')
  const action = textIn(event, 'action')
  if (mid === undefined || action === undefined)
    return [{ to: about.to, kind: 'rejected', why: 'reactionShape' }]
  const word = textIn(event, 'reaction') ?? 'other'
  const emoji = action === 'unreact' ? null : (textIn(event, 'emoji') ?? EMOJI[word] ?? word)
  return message(about, ['reaction', action, mid], { content: { type: 'reaction', emoji }, reactionTo: mid })
}

/** A thread that existed was entered by a link or an advertisement; nothing was said. */
export function readReferral(referral: Json, about: About): Inbound[] {
  return message(about, ['referral', textIn(referral, 'ref') ?? ''], {
    content: { type: 'referral' },
    ...toldWith({ referral }, about),
  })
}

/**
 * A subscription to marketing messages, given or ended; or a plugin on a website, whose `ref` says which. Of the
 * checkbox only a `user_ref` is known: there is no person yet.
 */
export function readOptIn(optin: Json, about: About): Inbound[] {
  const { to, at, address } = about
  if (address === undefined) return [{ to, kind: 'ignored', why: 'optinWithoutPerson' }]
  if (textIn(optin, 'type') !== 'notification_messages') {
    const referral = { ref: optin['ref'], source: 'OPTIN' }
    return message(about, ['optin', textIn(optin, 'ref') ?? ''], {
      content: { type: 'referral' },
      ...toldWith({ referral }, about),
    })
  }
  const stopped = textIn(optin, 'notification_messages_status') === 'STOP_NOTIFICATIONS'
  const raw = `optin ${stopped ? 'STOP_NOTIFICATIONS' : (textIn(optin, 'user_token_status') ?? 'granted')}`
  const state = stopped ? 'withdrawn' : 'granted'
  return [
    {
      to,
      kind: 'consent',
      key: keyOf(about, ['optin', state]),
      at,
      address,
      category: 'marketing',
      state,
      raw,
    },
  ]
}

/** The Page breaks a rule, or does no more (B2). */
export function readPolicy(event: Json, { to, at }: About): Inbound[] {
  const isBlocked = textIn(event, 'action') === 'block'
  const why = textIn(event, 'reason') ?? 'policy'
  return [{ to, kind: 'channel', health: isBlocked ? { state: 'failing', why, at } : { state: 'ok', at } }]
}

type Said = Pick<InboundMessage, 'content' | 'reactionTo' | 'besides' | 'context'>

/** What is shown like a message although the provider gives it no id. */
function message(about: About, words: readonly string[], said: Said): Inbound[] {
  const { to, at, address, isEcho } = about
  if (address === undefined) return [{ to, kind: 'rejected', why: 'sender' }]
  const key = keyOf(about, words)
  return [{ to, kind: isEcho ? 'echo' : 'message', key, providerId: null, at, address, ...said }]
}

/** RULES B1: where there is no id, what happened, to whom and when: the same delivery twice has the same. */
function keyOf({ at, address }: About, [kind, ...words]: readonly string[]): string {
  return [kind, address?.value, at, ...words].join(' ').slice(0, 500)
}
