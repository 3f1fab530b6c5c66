import type { Change, Committed, Outcome, Transaction } from '../../model/change.ts'
import { amended } from './amended.ts'
import { consented } from './consent.ts'
import { contactCreated, contactDeleted, contactUpdated } from './contacts.ts'
import type { Draft } from './draft.ts'
import { enqueued } from './enqueued.ts'
import { contactsImported, importEnded, importStarted } from './imports.ts'
import { closed, fileCreated, mediaFetched, rejected, rejectedRemoved } from './kept.ts'
import { candidateDismissed } from './likeness.ts'
import { contactMerged } from './merge.ts'
import { attempted, cancelled, settled } from './outbound.ts'
import { receipt } from './receipt.ts'
import { received } from './received.ts'
import { type Rule, refused } from './rule.ts'
import { segmentCreated, segmentDeleted, segmentUpdated } from './segments.ts'
import {
  channelCreated,
  channelDeleted,
  channelHealth,
  channelResealed,
  channelUpdated,
  keyReplaced,
  workspaceCreated,
  workspaceRenamed,
} from './setup.ts'
import { fieldCreated, fieldDeleted, fieldUpdated, tagCreated, tagDeleted, tagRenamed } from './sorting.ts'
import { contactSplit } from './split.ts'
import { tokenCreated, tokenRevoked, tokenUsed } from './tokens.ts'
import { channelLimits, polled, templateTold } from './told.ts'
import { identified, visitorReset } from './visitors.ts'

/**
 * The domain logic of the store, as a pure fold: facts and changes in, rows and events out. Both engines share it, and
 * it is tested without a database. An engine opens a draft, brings what `want` asks for until it asks no more, and
 * then folds the group; what the draft holds afterwards is what it writes.
 */
const RULES: { [K in Change['kind']]: Rule<Extract<Change, { kind: K }>> } = {
  workspaceCreated,
  workspaceRenamed,
  tokenCreated,
  tokenRevoked,
  tokenUsed,
  channelCreated,
  channelUpdated,
  channelDeleted,
  channelHealth,
  channelLimits,
  channelResealed,
  keyReplaced,
  templateTold,
  polled,
  received,
  edited: amended,
  deleted: amended,
  receipt,
  rejected,
  rejectedRemoved,
  enqueued,
  cancelled,
  attempted,
  settled,
  closed,
  fileCreated,
  mediaFetched,
  identified,
  visitorReset,
  consented,
  contactMerged,
  contactSplit,
  candidateDismissed,
  contactCreated,
  contactUpdated,
  contactDeleted,
  tagCreated,
  tagRenamed,
  tagDeleted,
  fieldCreated,
  fieldUpdated,
  fieldDeleted,
  importStarted,
  contactsImported,
  importEnded,
  segmentCreated,
  segmentUpdated,
  segmentDeleted,
}

/** Names every row that the group stands on. Called again after each round of loading (RULES A1). */
export function want(draft: Draft, group: readonly Transaction[]): void {
  for (const { workspace, changes, cursor, when, once } of group) {
    draft.want('workspaces', workspace)
    if (cursor !== undefined) draft.want('cursors', cursor.follower, workspace)
    if (once !== undefined) draft.want('idempotency', workspace, once.scope, once.key)
    for (const { conversation } of when ?? []) draft.want('conversations', workspace, conversation)
    for (const change of changes) ruleOf(change).want(draft, workspace, change)
  }
}

/** Applies the group's transactions in order, each seeing those before it (RULES A2). */
export function fold(draft: Draft, group: readonly Transaction[]): Committed[] {
  draft.fold()
  return group.map(transaction => apply(draft, transaction))
}

function apply(draft: Draft, transaction: Transaction): Committed {
  const { workspace, changes, once } = transaction
  const done = once && draft.get('idempotency', workspace, once.scope, once.key)
  if (done !== undefined) {
    const replayed = done.hash === once?.hash
    const outcomes = replayed
      ? done.outcomes
      : changes.map(() => refused('keyReused', 'this idempotency key was used for another request'))
    return { outcomes, head: headOf(draft, transaction), replayed, stale: false }
  }
  const stale = conditionThatFails(draft, transaction)
  const outcomes =
    stale === undefined ? changes.map(change => decide(draft, transaction, change)) : changes.map(() => stale)
  if (stale === undefined && transaction.cursor !== undefined) {
    const { follower, to } = transaction.cursor
    draft.put('cursors', { follower, workspace, sequence: to })
  }
  if (once !== undefined && stale === undefined) {
    draft.put('idempotency', { workspace, ...once, outcomes, at: draft.now })
  }
  return { outcomes, head: headOf(draft, transaction), replayed: false, stale: stale !== undefined }
}

function decide(draft: Draft, { workspace }: Transaction, change: Change): Outcome {
  if (change.kind !== 'workspaceCreated' && draft.get('workspaces', workspace) === undefined) {
    return refused('notFound', `no workspace ${workspace}`)
  }
  return ruleOf(change).decide(draft, workspace, change)
}

/** RULES A4: what the transaction was decided on no longer holds; its caller has to look again. */
function conditionThatFails(draft: Draft, { workspace, cursor, when }: Transaction): Outcome | undefined {
  if (cursor !== undefined) {
    const at = draft.get('cursors', cursor.follower, workspace)?.sequence ?? 0
    if (at !== cursor.from) return refused('stale', `the cursor of ${cursor.follower} is at ${at}`)
  }
  for (const { conversation, version } of when ?? []) {
    if (draft.get('conversations', workspace, conversation)?.version !== version) {
      return refused('stale', `${conversation} is not at version ${version}`)
    }
  }
  return undefined
}

function headOf(draft: Draft, { workspace }: Transaction): number {
  return draft.get('workspaces', workspace)?.head ?? 0
}

/** The compiler cannot see that the rule found by a change's kind takes that change; the table's type is the proof. */
function ruleOf(change: Change): Rule<Change> {
  return RULES[change.kind] as unknown as Rule<Change>
}
