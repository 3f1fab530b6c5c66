import type { Attempted, Change, Outcome, Settled } from '../../model/change.ts'
import { rfc3339 } from '../../model/clock.ts'
import { consentFor } from '../../model/consent.ts'
import type { Failure } from '../../model/failure.ts'
import type { Rows } from '../rows.ts'
import { isRefusedNow, noteOptOut, wantOptOut } from './consent.ts'
import type { Draft } from './draft.ts'
import { noteMenu, wantMenu } from './menu.ts'
import { advance, failedFrom, note, withParts } from './progress.ts'
import { type Rule, refused } from './rule.ts'
import { accept, wantAccept } from './taken.ts'

/**
 * What the queue does with a message: attempted → settled. Everything but an acceptance needs the lease under which
 * the message was claimed (RULES C4).
 */
export const attempted: Rule<Attempted> = {
  want: (draft, workspace, change) => {
    draft.want('leases', change.lease.group)
    const queue = draft.want('queue', workspace, change.message)
    wantMenu(draft, workspace, change)
    if (queue === undefined || withdrawnSince(draft, queue) === undefined) return
    draft.want('history', workspace, change.message, withdrawnEntry(change))
  },
  decide: (draft, workspace, change) => {
    const queue = draft.get('queue', workspace, change.message)
    if (!holds(draft, change) || queue?.fence !== change.lease.fence)
      return refused('stale', 'the lease has ended')
    // Its caller was told that the first time failed, because it took too long to become durable.
    const isRepeated =
      queue.state === 'attempted' && queue.attempts === change.attempt && queue.part === change.part
    if (isRepeated) return { ok: true, duplicate: true }
    if (queue.state !== 'claimed' || queue.part !== change.part) {
      return refused('state', 'it was cancelled, settled or claimed anew')
    }
    const withdrawn = withdrawnSince(draft, queue)
    if (withdrawn !== undefined) {
      failOptedOut(draft, withdrawn, queue, change)
      return { ok: true, id: withdrawn.id, ended: true }
    }
    draft.put('queue', {
      ...queue,
      state: 'attempted',
      parts: queue.parts ?? change.parts,
      attempts: change.attempt,
      partAttempts: queue.partAttempts + 1,
      queued: queue.queued || change.queued,
      attemptedAt: draft.now,
    })
    noteMenu(draft, workspace, change, queue.channel)
    return { ok: true }
  },
}

/**
 * The message, if its recipient withdrew consent after it was enqueued (RULES F1). Nearly always one number tells that
 * nobody did: a message that was looked at, and has waited since the newest withdrawal, needs no second look.
 */
function withdrawnSince(draft: Draft, queue: Rows['queue']): Rows['messages'] | undefined {
  const newest = draft.want('workspaces', queue.workspace)?.lastWithdrawal ?? 0
  // What is sent again has another position than when it was looked at.
  if (newest < queue.position && queue.attempts === 0) return undefined
  const message = newest === 0 ? undefined : draft.want('messages', queue.workspace, queue.message)
  return message !== undefined && isRefusedNow(draft, message) ? message : undefined
}

function failOptedOut(
  draft: Draft,
  message: Rows['messages'],
  queue: Rows['queue'],
  change: Attempted,
): void {
  const { channel, category } = message
  draft.remove('queue', message.workspace, message.id)
  note(draft, message, {
    entry: withdrawnEntry(change),
    at: draft.now,
    kind: 'failed',
    part: change.part,
    attempt: null,
    status: 'failed',
    raw: null,
    detail: { code: 'optedOut', channel, category: consentFor(category) },
  })
  const parts = queue.parts ?? change.parts
  fail(draft, message, { ...queue, parts }, change.part, { code: 'optedOut' })
}

function withdrawnEntry({ part }: Attempted): string {
  return `withdrawn ${part}`
}

export const settled: Rule<Settled> = {
  want: (draft, workspace, change) => {
    draft.want('leases', change.lease.group)
    draft.want('queue', workspace, change.message)
    const message = draft.want('messages', workspace, change.message)
    if (message === undefined) return
    const { result } = change
    if (result.is === 'accepted') wantAccept(draft, message, result.providerIds, change)
    else draft.want('history', workspace, change.message, entryOf(change))
    if (result.is === 'failed') wantOptOut(draft, message, result.failure)
  },

  decide: (draft, workspace, change) => {
    const message = draft.get('messages', workspace, change.message)
    if (message === undefined) return refused('notFound', `no message ${change.message}`)
    const { result } = change
    if (result.is === 'accepted') {
      accept(draft, message, { ...result, part: change.part, attempt: change.attempt })
      return { ok: true, id: message.id }
    }
    const queue = draft.get('queue', workspace, change.message)
    if (!holds(draft, change) || queue?.fence !== change.lease.fence) {
      return refused('stale', 'the lease has ended, or a receipt settled it')
    }
    if (queue.part > change.part) return overtaken(draft, queue)
    if (result.is === 'resend' ? queue.state !== 'uncertain' : queue.attempts > change.attempt) {
      return refused('state', 'a later attempt is under way')
    }
    unhappy(draft, message, queue, change)
    return { ok: true, id: message.id }
  },
}

/** A receipt proved the part while its holder waited for an answer: the next part is anybody's to claim. */
function overtaken(draft: Draft, queue: Rows['queue']): Outcome {
  draft.put('queue', { ...queue, state: 'ready', readyAt: draft.now })
  draft.work.add(queue.senderGroup)
  return { ok: true, duplicate: true }
}

function unhappy(draft: Draft, message: Rows['messages'], queue: Rows['queue'], change: Settled): void {
  const { result, part, attempt } = change
  const failure = 'failure' in result ? result.failure : undefined
  note(draft, message, {
    entry: entryOf(change),
    at: draft.now,
    kind: result.is as Exclude<typeof result.is, 'accepted'>,
    part,
    attempt: attempt === 0 ? null : attempt,
    status: null,
    raw: failure?.provider?.code ?? null,
    detail: { ...failure, ...('at' in result ? { nextAt: rfc3339(result.at) } : {}) },
  })
  const counted = { ...message, attempts: queue.attempts, queued: queue.queued }
  if (result.is === 'failed') {
    draft.remove('queue', message.workspace, message.id)
    fail(draft, counted, queue, part, result.failure)
    noteOptOut(draft, message, result.failure, draft.now)
    return
  }
  if (result.is === 'uncertain') {
    draft.put('messages', { ...counted, uncertain: true })
    draft.put('queue', { ...queue, state: 'uncertain', resolveAt: result.resolveAt })
    return
  }
  if (result.is === 'accepted') return
  const resends = queue.resends + (result.is === 'resend' ? 1 : 0)
  draft.put('messages', result.is === 'retry' ? { ...counted, uncertain: false } : counted)
  const isKept = result.is === 'retry' && result.kept === true
  draft.put('queue', {
    ...queue,
    state: isKept ? 'claimed' : 'ready',
    readyAt: result.at,
    resolveAt: null,
    attemptedAt: null,
    resends,
  })
  if (!isKept) draft.work.add(queue.senderGroup)
}

function fail(
  draft: Draft,
  message: Rows['messages'],
  queue: Rows['queue'],
  part: number,
  failure: Failure,
): void {
  const pieces = failedFrom(withParts(message.pieces, queue.parts ?? 1), part, failure, draft.now)
  const told = { at: draft.now, raw: failure.provider?.code ?? null, failure }
  advance(draft, { ...message, uncertain: false }, pieces, told)
}

function holds(draft: Draft, { lease }: Attempted | Settled): boolean {
  return draft.get('leases', lease.group)?.fence === lease.fence
}

function entryOf({ attempt, part, result }: Settled): string {
  return `attempt ${attempt} ${result.is} ${part}`
}

type Cancelled = Extract<Change, { kind: 'cancelled' }>

/** Takes a message back that no attempt was made at (RULES C11). */
export const cancelled: Rule<Cancelled> = {
  want: (draft, workspace, change) => {
    draft.want('messages', workspace, change.message)
    draft.want('queue', workspace, change.message)
    draft.want('history', workspace, change.message, 'cancelled')
  },
  decide: (draft, workspace, change) => {
    const message = draft.get('messages', workspace, change.message)
    if (message === undefined) return refused('notFound', `no message ${change.message}`)
    const queue = draft.get('queue', workspace, change.message)
    if (!isCancellable(queue)) return refused('state', 'it was sent, or an attempt at it was made')
    draft.remove('queue', workspace, change.message)
    note(draft, message, lineOf(draft))
    fail(draft, message, queue, 0, { code: 'cancelled' })
    return { ok: true, id: message.id }
  },
}

function isCancellable(queue: Rows['queue'] | undefined): queue is Rows['queue'] {
  return queue !== undefined && queue.attempts === 0 && (queue.state === 'ready' || queue.state === 'claimed')
}

function lineOf(draft: Draft): Omit<Rows['history'], 'workspace' | 'message'> {
  return {
    entry: 'cancelled',
    at: draft.now,
    kind: 'cancelled',
    part: 0,
    attempt: null,
    status: 'failed',
    raw: null,
    detail: null,
  }
}
