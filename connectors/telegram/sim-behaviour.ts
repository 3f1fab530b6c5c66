import { GOOD_DAY as COMMON, type Behaviour as Common } from '../kit/sim/behaviour.ts'

/** How the simulated Telegram behaves: what all simulators do, and what only Telegram does. There are no receipts. */
export type Behaviour = Common & {
  /** What a 429 asks to wait. */
  retryAfterS: number
  /** How long `getUpdates` holds a question open at most. */
  heldMs: number

  // ——— Telegram's limits (D4); off unless asked for
  /** 429: one message a second to a person, 3 at once; 20 a minute to a group, at once if need be. */
  chats: boolean
  /** 429: 30 messages a second of a bot. */
  bots: boolean
  /** 400: a bot cannot write to a person who never wrote. */
  strangers: boolean
}

/** `duplicates` is about updates here: each is delivered a second time. */
export const GOOD_DAY: Behaviour = {
  ...COMMON,
  receipts: false,
  postsMax: 40,
  retryAfterS: 1,
  heldMs: 50_000,
  chats: false,
  bots: false,
  strangers: false,
}
