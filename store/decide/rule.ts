import type { Outcome, Refusal } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { Draft } from './draft.ts'

/**
 * How one kind of change is decided. `want` names the rows it stands on; it is called again after they were brought,
 * since one row often names the next, until it wants nothing new. `decide` then applies the change to the draft, or
 * refuses it and leaves the draft as it was.
 */
export type Rule<C> = {
  want: (draft: Draft, workspace: WorkspaceId, change: C) => void
  decide: (draft: Draft, workspace: WorkspaceId, change: C) => Outcome
}

export function refused(code: Refusal, detail: string): Outcome {
  return { ok: false, code, detail }
}

/**
 * Counts up under a bound, so that a table fed by strangers cannot grow without end; false when it is full.
 * The counter must have been wanted.
 */
export function countUp(draft: Draft, workspace: WorkspaceId, name: string, max: number): boolean {
  const count = draft.get('counters', workspace, name)?.count ?? 0
  if (count >= max) return false
  draft.put('counters', { workspace, name, count: count + 1 })
  return true
}

export function countDown(draft: Draft, workspace: WorkspaceId, name: string): void {
  const count = draft.get('counters', workspace, name)?.count ?? 0
  draft.put('counters', { workspace, name, count: Math.max(0, count - 1) })
}
