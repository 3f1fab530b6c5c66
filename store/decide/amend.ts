import type { Deleted, Edited, Outcome } from '../../model/change.ts'
import { rfc3339 } from '../../model/clock.ts'
import type { Content } from '../../model/content.ts'
import type { FileId, MessageId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { editedView, filesOf } from '../view.ts'
import type { Draft } from './draft.ts'
import { adoptMedia, tellMissing } from './messages.ts'
import { refused } from './rule.ts'

/**
 * What the writer of a message did to it since: changed it, or took it back. What it said first is never written over:
 * an edit is a row of its own, so that `message.created` reads the same for ever (RULES A5). Taken back, it is erased
 * wherever it stands.
 */

type Message = Rows['messages']

/** How often one message may be edited. Providers allow it for minutes; erasing reads all of them at once. */
const EDITS_MAX = 100

const ERASED: Content = { type: 'erased' }

/** Everything that `amend` reads. */
export function wantAmend(
  draft: Draft,
  workspace: WorkspaceId,
  id: MessageId,
  { kind, channel, key }: Edited | Deleted,
): void {
  draft.want('seen', workspace, channel, key)
  const message = draft.want('messages', workspace, id)
  if (message === undefined || kind === 'edited') return
  draft.want('queue', workspace, id)
  for (const file of saidIn(draft, message).flatMap(({ content }) => filesOf(content))) {
    draft.want('files', workspace, file)
  }
}

/** Applies it to a message that is known. */
export function amend(draft: Draft, message: Message, change: Edited | Deleted): Outcome {
  const { workspace, id } = message
  const { channel, key } = change
  const isKnown = draft.want('seen', workspace, channel, key) !== undefined
  if (isKnown || message.deletedAt !== null) return { ok: true, id, duplicate: true }
  const outcome = change.kind === 'edited' ? edit(draft, message, change) : erase(draft, message, change)
  if (outcome.ok) draft.put('seen', { workspace, channel, key, message: id, at: draft.now })
  return outcome
}

function edit(draft: Draft, message: Message, { at, content }: Edited): Outcome {
  const { workspace, id } = message
  // Late, and what came after it stands already.
  if (message.editedAt !== null && at < message.editedAt) return { ok: true, id, duplicate: true }
  if (message.edits >= EDITS_MAX) return refused('full', `${id} was edited ${EDITS_MAX} times`)
  const number = message.edits + 1
  const adopted = adoptMedia(draft, message, content)
  draft.put('messages', { ...message, edits: number, editedAt: at })
  draft.insert('revisions', { workspace, message: id, number, content: adopted, at })
  const kept = { ...eventData(message, at), number }
  const data = editedView(kept, adopted)
  draft.event({ workspace, type: 'message.edited', subject: id, data, kept })
  tellMissing(draft, message, adopted)
  return { ok: true, id }
}

function erase(draft: Draft, message: Message, { at }: Deleted): Outcome {
  const { workspace, id } = message
  // Its later parts are still to be sent, and would be sent as nothing.
  if (draft.want('queue', workspace, id) !== undefined) return refused('state', `${id} is still being sent`)
  const said = saidIn(draft, message)
  for (const file of said.flatMap(({ content }) => filesOf(content))) dropFile(draft, message, file)
  for (const row of said) {
    if ('number' in row) draft.put('revisions', { ...row, content: ERASED })
    else draft.put('contents', { ...row, content: ERASED })
  }
  draft.put('messages', { ...message, deletedAt: at })
  const data = eventData(message, at)
  draft.event({ workspace, type: 'message.deleted', subject: id, data, kept: data })
  return { ok: true, id }
}

/** Every row that holds what the message ever said. */
function saidIn(draft: Draft, { workspace, id, edits }: Message): (Rows['contents'] | Rows['revisions'])[] {
  draft.recall('contents', workspace, id)
  const rows: (Rows['contents'] | Rows['revisions'] | undefined)[] = [draft.want('contents', workspace, id)]
  for (let number = 1; number <= edits; number++) {
    rows.push(draft.want('revisions', workspace, id, String(number)))
  }
  return rows.filter(row => row !== undefined)
}

/** Nobody can read it from now on; its bytes go by the next sweep, which knows whether others have the same. */
function dropFile(draft: Draft, { workspace, id }: Message, file: FileId): void {
  const known = draft.want('files', workspace, file)
  // What was uploaded may be sent again, and belongs to nobody's message.
  if (known === undefined || known.message !== id) return
  const sha256 = known.state === 'stored' ? known.sha256 : null
  draft.put('files', { ...known, state: 'deleted', sha256, nextAt: draft.now, deadline: null })
}

function eventData({ id, channel, contact, conversation }: Message, at: number) {
  return { id, channel, contact, conversation, at: rfc3339(at) }
}
