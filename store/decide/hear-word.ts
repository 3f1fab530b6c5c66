import type { Received } from '../../model/change.ts'
import { categoriesOf } from '../../model/consent.ts'
import { EXPIRES_AFTER_MS } from '../../model/message.ts'
import { type StopWord, stopAnswer, stopWordOf } from '../../model/stop-words.ts'
import type { Rows } from '../rows.ts'
import { isClosed, keepConsent, scopeOf, stopAnswerSource, tellConsent, wantSaid } from './consent.ts'
import type { Draft } from './draft.ts'
import { putOnQueue } from './enqueued.ts'
import { laneOf, newMessage } from './messages.ts'

type Channel = Rows['channels']

/** STOP, START and HELP (RULES F1): what they change, and what is answered, in the commit of the message itself. */
export function hearWord(
  draft: Draft,
  channel: Channel,
  contact: Rows['contacts'],
  message: Rows['messages'],
  change: Received,
): void {
  const word = wordIn(channel, change, contact.language)
  if (word === undefined || isAnswer(message)) return
  if (word.means === 'help' || isNews(draft, channel, contact, word, change)) {
    answer(draft, channel, message, word)
  }
}

/** What `hearWord` reads. */
export function wantWord(
  draft: Draft,
  channel: Channel,
  change: Received,
  owners: readonly (Rows['contacts'] | undefined)[],
): void {
  const word = wordIn(channel, change, null)
  if (word === undefined || word.means === 'help') return
  wantSaid(draft, channel.workspace, [change.address, ...change.also])
  for (const owner of owners) wantSaid(draft, channel.workspace, owner?.addresses)
}

/** A word is the whole message, and one person's: in a group nobody speaks for the others. */
function wordIn(channel: Channel, change: Received, language: string | null): StopWord | undefined {
  const { echo, address, content } = change
  if (echo || address.kind === 'group') return undefined
  if (content.type !== 'text' && content.type !== 'reply') return undefined
  return stopWordOf(content.text, scopeOf(channel), language)
}

/**
 * Whether a workflow waits for this message: what answers its question is no word, whatever it says (RULES F1). No
 * workflow can ask yet; whoever lets one ask says so here, by what the conversation's row tells.
 */
function isAnswer(_message: Rows['messages']): boolean {
  return false
}

/** Whether the word changed anything. START opens what was closed, and means nothing where nothing was. */
function isNews(
  draft: Draft,
  channel: Channel,
  contact: Rows['contacts'],
  { means, word }: StopWord,
  change: Received,
): boolean {
  const { workspace } = channel
  const place = placeOf(channel, change)
  const meant =
    means === 'stop'
      ? categoriesOf(scopeOf(channel))
      : categoriesOf('all').filter(category => isClosed(draft, place, category))
  const state = means === 'stop' ? 'withdrawn' : 'granted'
  const told = { state, source: 'contact', raw: word, at: change.at } as const
  const categories = keepConsent(draft, place, meant, told)
  if (categories.length === 0) return false
  tellConsent(
    draft,
    { workspace, channel: channel.id, contact, addresses: [change.address], categories },
    told,
  )
  return true
}

function placeOf(channel: Channel, { address }: Received) {
  return { workspace: channel.workspace, address, channel: channel.id }
}

/** Once, where something changed: two machines that answer each other come to an end. */
function answer(draft: Draft, channel: Channel, message: Rows['messages'], word: StopWord): void {
  const text = stopAnswer(word, scopeOf(channel), channel.answers)
  if (text === undefined) return
  const expiresAt = draft.now + EXPIRES_AFTER_MS.workflow
  const source = stopAnswerSource(word.means)
  const row: Rows['messages'] = {
    ...newMessage(draft, channel, {
      contact: message.contact,
      conversation: message.conversation,
      direction: 'outbound',
      source,
      address: { kind: message.addressKind, value: message.addressValue },
      replyTo: null,
      reactionTo: null,
    }),
    expiresAt,
    status: 'pending',
  }
  putOnQueue(draft, channel, row, {
    content: { type: 'text', text },
    lane: laneOf(source.kind),
    expiresAt,
    heardAt: message.providerTime,
  })
}
