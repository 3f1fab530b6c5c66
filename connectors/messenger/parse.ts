import type { Comment } from '../../model/content.ts'
import type { Inbound, WebhookRequest } from '../connector.ts'
import { type Json, objectIn, textIn } from '../kit/json.ts'
import { readEntries } from '../meta/entries.ts'
import type { Dialect, Entry } from '../meta/messaging.ts'
import { timeOf } from '../meta/time.ts'
import { readTemplateNews } from './templates.ts'

/** A webhook of the Messenger Platform (PROVIDERS B2). */
export function parse(request: WebhookRequest): Inbound[] {
  return readEntries(request, { object: 'page', dialect: DIALECT, change: readChange })
}

const DIALECT: Dialect = {
  kind: 'messenger',
  /** "No mids at all. All messages ≤ watermark are read" (B2). */
  read: (event, { to, at, address }) => {
    const upTo = timeOf(event['watermark'])
    if (upTo === undefined || address === undefined) return [{ to, kind: 'rejected', why: 'readShape' }]
    return [{ to, kind: 'receipt', of: { upTo, address }, status: 'read', at, raw: 'read' }]
  },
  // A comment in a group of the Page's comes here, and not among the changes (B2).
  other: (item, entry) => {
    const comment = objectIn(item, 'group_feed') ?? (item['group_id'] === undefined ? undefined : item)
    return comment && [readComment(comment, entry)]
  },
}

function readChange(field: string, value: Json, entry: Entry): Inbound[] | undefined {
  if (field === 'feed') return [readFeed(value, entry)]
  if (field === 'message_template_status_update') return [readTemplateNews(value, entry)]
  return undefined
}

/** What happens on the Page's wall. Comments are for private replies; the rest is none of ours. */
function readFeed(value: Json, entry: Entry): Inbound {
  if (textIn(value, 'item') !== 'comment') return { to: entry.id, kind: 'ignored', why: 'feedItem' }
  return readComment(value, entry)
}

/** PROVIDERS B2. `parent_id` is the post's for a comment that answers no other. */
function readComment(value: Json, { id: to, at: told }: Entry): Inbound {
  const comment = textIn(value, 'comment_id')
  const at = timeOf(value['created_time']) ?? told
  if (comment === undefined || at === undefined) return { to, kind: 'rejected', why: 'commentShape' }
  const verb = textIn(value, 'verb') ?? 'add'
  if (verb === 'remove') {
    return { to, kind: 'deleted', key: `${comment} removed`, of: comment, at: told ?? at }
  }
  if (verb !== 'add' && verb !== 'edited') return { to, kind: 'ignored', why: 'commentHidden' }
  const from = objectIn(value, 'from')
  const person = textIn(from, 'id')
  if (person === to) return { to, kind: 'ignored', why: 'ownComment' }
  if (person === undefined) return { to, kind: 'ignored', why: 'commentOfNobody' }
  const content = commentOf(value)
  if (verb === 'edited') {
    const edited = told ?? at
    return { to, kind: 'edited', key: `${comment} edited ${edited}`, of: comment, at: edited, content }
  }
  const name = textIn(from, 'name')
  const address = { kind: 'messenger', value: person } as const
  const item = { to, key: comment, providerId: comment, at, address, content } as const
  return { kind: 'message', ...item, ...(name !== undefined && { name }) }
}

function commentOf(value: Json): Comment {
  const post = textIn(value, 'post_id')
  const parent = textIn(value, 'parent_id')
  const url = textIn(value, 'permalink_url') ?? textIn(objectIn(value, 'post'), 'permalink_url')
  return {
    type: 'comment',
    text: textIn(value, 'message') ?? '',
    ...(post !== undefined && { post }),
    ...(parent !== undefined && parent !== post && { parent }),
    ...(url !== undefined && { url }),
  }
}
