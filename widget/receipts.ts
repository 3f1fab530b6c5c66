import type { ShownMessage, VisitorFrame } from '../connectors/webchat/frames.ts'
import { isForVisitor } from './thread.ts'

/**
 * What the daemon is told of the messages that the visitor was sent (PROVIDERS H4): `received` when they are in the
 * page, `read` when they were in view of a visible page. A line that broke may have lost the word, so each line tells
 * what is not known to be known; telling twice does nothing.
 */
export type Receipts = {
  /** For what came into the page. */
  arrived(messages: readonly ShownMessage[]): VisitorFrame[]
  viewed(ids: readonly string[]): VisitorFrame[]
  /** A new line knows nothing. Returns what has to be told again. */
  renewed(messages: readonly ShownMessage[]): VisitorFrame[]
  clear(): void
}

/** In one frame. */
export const IDS_MAX = 50
/** Ids that were read, kept for the next line: the newest so many. */
const READ_MAX = 200

export function createReceipts(): Receipts {
  const received = new Set<string>()
  let read: string[] = []

  const arrived = (messages: readonly ShownMessage[]): VisitorFrame[] => {
    const ids = messages
      .filter(message => isForVisitor(message) && (message.status ?? 'sent') === 'sent')
      .map(message => message.id)
      .filter(id => !received.has(id) && !read.includes(id))
    for (const id of ids) received.add(id)
    return frames('received', ids)
  }

  return {
    arrived,
    viewed(ids) {
      const fresh = ids.filter(id => !read.includes(id))
      read = [...read, ...fresh].slice(-READ_MAX)
      return frames('read', fresh)
    },
    renewed(messages) {
      received.clear()
      return [...arrived(messages), ...frames('read', read)]
    },
    clear() {
      received.clear()
      read = []
    },
  }
}

function frames(type: 'received' | 'read', ids: readonly string[]): VisitorFrame[] {
  const pages = Math.ceil(ids.length / IDS_MAX)
  return Array.from({ length: pages }, (_, at) => ({
    type,
    ids: ids.slice(at * IDS_MAX, (at + 1) * IDS_MAX),
  }))
}
