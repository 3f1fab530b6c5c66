import type { OpenChannel } from '../connectors/directory.ts'
import type { Content } from '../model/content.ts'
import type { MessageId } from '../model/ids.ts'
import type { Choices } from '../model/menu.ts'
import type { QueuedMessage } from '../store/store.ts'
import type { Laned } from './lanes.ts'
import type { Call } from './pauses.ts'

/** A message in the lanes: what the store handed over, and how far it has come since. */
export type Item = Laned & {
  message: MessageId
  of: QueuedMessage
  /** The part to be sent next, the attempts at the message and at that part; they grow while it is held here. */
  part: number
  attempts: number
  partAttempts: number
  /** How many of those repeated one of which nobody knows what became. */
  resends: number
  /** What the content became; undefined until it is its turn. */
  parts: Content[] | undefined
  /** The choices that the last of them tells as numbered text. */
  menu: Choices | undefined
  /** What it would wait for: the account, its channel, its recipient. */
  scopes: Scopes
}

export type Scopes = readonly [account: string, channel: string, recipient: string]

/** One attempt at one part, from the moment it is being made durable. */
export type Flight = {
  item: Item
  channel: OpenChannel
  part: number
  attempt: number
  /** The lease under which it was attempted; it settles under the same. */
  fence: number
  call: Call | undefined
  /** When its request began, monotonic. */
  startedAt: number
  abort: (() => void) | undefined
}

const ACCOUNT = 'account'

export function itemOf(of: QueuedMessage): Item {
  const { message, lane, position, readyAt, part, attempts, partAttempts, resends } = of
  const address = `${of.address.kind} ${of.address.value}`
  const scopes: Scopes = [ACCOUNT, of.channel, `${of.channel} ${address}`]
  return {
    message,
    lane,
    position,
    readyAt,
    address,
    of,
    part,
    attempts,
    partAttempts,
    resends,
    parts: undefined,
    menu: undefined,
    scopes,
  }
}

/** The scopes that a whole channel waits for. */
export function channelScopes(channel: string): readonly [string, string] {
  return [ACCOUNT, channel]
}
