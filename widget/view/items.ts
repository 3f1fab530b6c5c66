import type { ShownContent, ShownMessage, VisitorContent } from '../../connectors/webchat/frames.ts'
import type { Entry } from '../outbox.ts'
import type { State } from '../state.ts'
import { isAnswered } from '../thread.ts'
import type { Upload } from '../uploads.ts'

/** What a row of the log shows. The `key` stays while a message goes from the outbox into the thread. */
export type Item = { key: string } & (
  | { kind: 'day'; at: string }
  | {
      kind: 'message'
      message: ShownMessage
      /** The last of a row of messages by one side: it has the time under it. */
      isLast: boolean
      /** The choice was made; the buttons do nothing any more. */
      isDone: boolean
      state: 'shown' | Entry['state']
      code: string | undefined
    }
  | { kind: 'upload'; upload: Upload }
)

/** Messages of one side that are closer than this stand together. */
const TOGETHER_MS = 5 * 60_000

export function itemsOf(state: State, greeting: string | undefined): Item[] {
  const { thread, entries, uploads } = state
  const messages = [
    ...thread.messages.map(message => ({ message, state: 'shown' as const, code: undefined })),
    ...entries.map(entry => ({ message: shownEntry(entry), state: entry.state, code: entry.code })),
  ]
  const chosen = new Set(
    entries.flatMap(({ content, state }) =>
      content.type === 'choice' && state !== 'failed' ? [content.to] : [],
    ),
  )
  const items: Item[] = []
  if (greeting !== undefined && !thread.more) items.push(greetingItem(greeting, messages[0]?.message))
  messages.forEach(({ message, state: sent, code }, at) => {
    const [before, after] = [messages[at - 1]?.message, messages[at + 1]?.message]
    if (before === undefined || dayOf(before.at) !== dayOf(message.at)) {
      items.push({ kind: 'day', key: `day ${dayOf(message.at)}`, at: message.at })
    }
    items.push({
      kind: 'message',
      key: keyOf(message),
      message,
      isLast: after === undefined || !isTogether(message, after) || sent === 'failed',
      isDone: chosen.has(message.id) || isAnswered(thread, message.id),
      state: sent,
      code,
    })
  })
  return [...items, ...uploads.map((upload): Item => ({ kind: 'upload', key: upload.id, upload }))]
}

/** The visitor's own id of a message is there before the daemon's. */
export function keyOf(message: ShownMessage): string
export function keyOf(message: ShownMessage | undefined): string | undefined
export function keyOf(message: ShownMessage | undefined): string | undefined {
  return message?.clientId ?? message?.id
}

/** What must be drawn again when it changes. A link is renewed all the time, and what it links to stays the same. */
export function signatureOf(item: Item): string {
  if (item.kind === 'upload') return `${item.upload.state} ${item.upload.code ?? ''}`
  return JSON.stringify(item, (key, value: unknown) => {
    if (key === 'url' && typeof value === 'string' && value.startsWith('/')) return 'link'
    return key === 'status' ? undefined : value
  })
}

function greetingItem(text: string, first: ShownMessage | undefined): Item {
  const content: ShownContent = { type: 'text', text }
  const message: ShownMessage = { id: 'greeting', from: 'bot', at: first?.at ?? '', content, status: 'read' }
  return {
    kind: 'message',
    key: 'greeting',
    message,
    isLast: false,
    isDone: false,
    state: 'shown',
    code: undefined,
  }
}

function shownEntry({ id, at, content }: Entry): ShownMessage {
  return { id, clientId: id, from: 'visitor', at: new Date(at).toISOString(), content: shownContent(content) }
}

function shownContent(content: VisitorContent): ShownContent {
  if (content.type === 'choice') return { type: 'choice', text: content.text }
  if (content.type === 'text') return content
  const file = {
    id: content.file,
    url: null,
    state: 'pending',
    mimeType: null,
    size: null,
    name: null,
  } as const
  return { type: 'file', kind: 'document', file }
}

function isTogether(one: ShownMessage, other: ShownMessage): boolean {
  return one.from === other.from && Date.parse(other.at) - Date.parse(one.at) < TOGETHER_MS
}

/** The visitor's own calendar day. */
function dayOf(at: string): string {
  return new Date(at).toDateString()
}
