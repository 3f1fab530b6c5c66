import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rooms } from '../rooms.ts'
import { keepOf } from '../sweep.ts'

const PAGE = 100
/** Sweeps for the caller to wait for; each erases a few hundred messages. The rest is left to the timer. */
const ROUNDS_MAX = 40

/**
 * After a contact was deleted: cancels what was not sent to it yet, and erases what is to be erased. Whether that is
 * done; what is under way to a provider now is erased when it has arrived.
 */
export async function eraseSoon(
  rooms: Rooms,
  workspace: WorkspaceId,
  contact: ContactId,
  erase: boolean,
): Promise<boolean> {
  await cancelWaiting(rooms, workspace, contact)
  if (!erase) return true
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { more } = await rooms.store.sweep(keepOf(rooms.config))
    if (!(await rooms.store.query('erasing', { workspace, id: contact }))) return true
    if (!more) return false
  }
  return false
}

async function cancelWaiting({ store }: Rooms, workspace: WorkspaceId, contact: ContactId): Promise<void> {
  for (;;) {
    const waiting = await store.query('waitingFor', { workspace, contact, limit: PAGE })
    const { outcomes } = await store.commit({
      workspace,
      changes: waiting.map(message => ({ kind: 'cancelled', message })),
    })
    // Those that are left are under way, and finish as they will.
    if (waiting.length < PAGE || !outcomes.some(outcome => outcome.ok)) return
  }
}
