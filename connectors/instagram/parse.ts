import type { Inbound, WebhookRequest } from '../connector.ts'
import { type Json, objectIn, textIn } from '../kit/json.ts'
import { readEntries } from '../meta/entries.ts'
import type { Dialect, Entry } from '../meta/messaging.ts'
import { timeOf } from '../meta/time.ts'

/** A webhook of Instagram, by either login (PROVIDERS C2). */
export function parse(request: WebhookRequest): Inbound[] {
  return readEntries(request, { object: 'instagram', dialect: DIALECT, change: readChange })
}

const DIALECT: Dialect = {
  kind: 'instagram',
  /** "By mid, not watermark; promote that message and all older outbound ones" (C2). */
  read: (event, { to, at, address }) => {
    const mid = textIn(event, 'mid')
    if (mid === undefined) return [{ to, kind: 'rejected', why: 'readShape' }]
    const of = { providerId: mid, ...(address !== undefined && { andBefore: address }) }
    return [{ to, kind: 'receipt', of, status: 'read', at, raw: 'seen' }]
  },
}

function readChange(field: string, value: Json, entry: Entry): Inbound[] | undefined {
  if (field === 'comments' || field === 'live_comments') return [readComment(value, entry)]
  // It names the picture and the comment, and nobody who could be answered.
  if (field === 'mentions') return [{ to: entry.id, kind: 'ignored', why: 'mention' }]
  return IGNORED.has(field) ? [{ to: entry.id, kind: 'ignored', why: field }] : undefined
}

/** Fields of the app's subscription that are about no conversation. */
const IGNORED: ReadonlySet<string> = new Set(['story_insights', 'story_poll', 'share_to_story'])

/** PROVIDERS C2. Instagram tells when it told of a comment, not when it was written. */
function readComment(value: Json, { id: to, at }: Entry): Inbound {
  const comment = textIn(value, 'id') ?? textIn(value, 'comment_id')
  if (comment === undefined || at === undefined) return { to, kind: 'rejected', why: 'commentShape' }
  const from = objectIn(value, 'from')
  const person = textIn(from, 'id')
  // Only the account's own comments have it, whatever `id` is there (L10).
  const isOwn = textIn(from, 'self_ig_scoped_id') !== undefined || person === to
  if (isOwn) return { to, kind: 'ignored', why: 'ownComment' }
  if (person === undefined) return { to, kind: 'ignored', why: 'commentOfNobody' }
  const name = textIn(from, 'username')
  const post = textIn(objectIn(value, 'media'), 'id')
  const parent = textIn(value, 'parent_id')
  return {
    to,
    kind: 'message',
    key: comment,
    providerId: comment,
    at: timeOf(value['timestamp']) ?? at,
    address: { kind: 'instagram', value: person },
    ...(name !== undefined && { name }),
    content: {
      type: 'comment',
      text: textIn(value, 'text') ?? '',
      ...(post !== undefined && { post }),
      ...(parent !== undefined && { parent }),
    },
  }
}
