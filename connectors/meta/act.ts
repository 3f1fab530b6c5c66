import type { Action, Io } from '../connector.ts'
import { type Account, post } from './account.ts'

/** Typing and seen (PROVIDERS B3): a request of its own, with no message. Typing ends by itself after some 20 s. */
export async function actFor(account: Account, action: Action, io: Io): Promise<void> {
  const word = wordFor(action)
  if (word === undefined) return
  const answer = await post(account, { recipient: { id: action.address.value }, sender_action: word }, io)
  await answer.text()
}

function wordFor(action: Action): string | undefined {
  if (action.kind === 'typing') return action.on ? 'typing_on' : 'typing_off'
  return action.kind === 'read' ? 'mark_seen' : undefined
}
