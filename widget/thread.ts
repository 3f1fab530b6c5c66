import type { DaemonFrame, ShownMessage } from '../connectors/webchat/frames.ts'

/** What the page has of the conversation, oldest first. */
export type Thread = {
  messages: readonly ShownMessage[]
  /** Whether the daemon has older ones. */
  more: boolean
  /** The last news that is dealt with; undefined before the first `welcome`. */
  cursor: string | undefined
}

export const EMPTY: Thread = { messages: [], more: false, cursor: undefined }

type Welcome = Extract<DaemonFrame, { type: 'welcome' }>

/** `again` throws away what is there; `continued` adds what was missed. */
export function welcomed(thread: Thread, frame: Welcome): Thread {
  if (frame.resume === 'again') return { messages: frame.messages, more: frame.more, cursor: frame.cursor }
  return { messages: merged(thread.messages, frame.messages), more: thread.more, cursor: frame.cursor }
}

/** A message that came or changed. One that is known keeps its place. */
export function told(thread: Thread, frame: { cursor: string; message: ShownMessage }): Thread {
  return { ...thread, messages: merged(thread.messages, [frame.message]), cursor: frame.cursor }
}

/** A page of older messages, before the ones that are there. */
export function withOlder(thread: Thread, frame: { messages: ShownMessage[]; more: boolean }): Thread {
  const known = new Set(thread.messages.map(message => message.id))
  const older = frame.messages.filter(message => !known.has(message.id))
  return { ...thread, messages: [...older, ...thread.messages], more: frame.more }
}

/** Marks messages as read by this visitor; returns the same thread if none of them changed. */
export function withRead(thread: Thread, ids: ReadonlySet<string>): Thread {
  if (!thread.messages.some(message => ids.has(message.id) && message.status !== 'read')) return thread
  const messages = thread.messages.map(message =>
    ids.has(message.id) && isForVisitor(message) ? { ...message, status: 'read' as const } : message,
  )
  return { ...thread, messages }
}

export function unreadOf(thread: Thread): number {
  return thread.messages.filter(message => isForVisitor(message) && message.status !== 'read').length
}

export function isForVisitor(message: ShownMessage): boolean {
  return message.from !== 'visitor'
}

/** What the visitor chose of a message with buttons or a list, if it did; its buttons work once. */
export function isAnswered(thread: Thread, id: string): boolean {
  return thread.messages.some(
    message => message.from === 'visitor' && message.content.type === 'choice' && message.replyTo === id,
  )
}

/** A status that was read stays read: the news of another change may have been on its way already. */
function merged(known: readonly ShownMessage[], news: readonly ShownMessage[]): ShownMessage[] {
  const messages = [...known]
  for (const message of news) {
    const at = messages.findIndex(({ id }) => id === message.id)
    const before = messages[at]
    if (before === undefined) messages.push(message)
    else messages[at] = before.status === 'read' ? { ...message, status: 'read' } : message
  }
  return messages
}
