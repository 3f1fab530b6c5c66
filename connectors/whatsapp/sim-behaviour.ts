import { GOOD_DAY as COMMON, type Behaviour as Common } from '../kit/sim/behaviour.ts'

/** How the simulated WhatsApp behaves: what all simulators do, and what only Meta does. */
export type Behaviour = Common & {
  /** Templates held for quality assessment for `holdMs`. */
  holds: number
  holdMs: number

  // ——— Webhooks
  /** Updates in one POST at most, 1 to 1000. */
  batchMax: number
  /** How long an update waits for company. */
  batchMs: number
  millisecondTimestamps: boolean
  /** How a person who hides the phone looks: fields left out, fields empty, or the user id in their place (A9). */
  hiding: 'omitted' | 'empty' | 'replaced'

  // ——— Meta's limits (A11, A12); off unless asked for
  /** 131056: per number and person, one message in 6 s, 45 at once. */
  pairs: boolean
  /** 130429: per number, in and out together. */
  throughput: boolean
  /** 131047: free-form only within 24 h of the person's last message. */
  windows: boolean
  /** 131048: people reached outside a window in 24 h, per portfolio. */
  tiers: boolean
  /** Window and opt-out refusals come as `failed` receipts after a 200, as Meta often does. */
  lateRefusals: boolean
}

/** Meta's own limits are switched off so that they are asked for by name. */
export const GOOD_DAY: Behaviour = {
  ...COMMON,
  failureCode: 131026,
  holds: 0,
  holdMs: 5000,
  batchMax: 50,
  batchMs: 0,
  millisecondTimestamps: false,
  hiding: 'omitted',
  pairs: false,
  throughput: false,
  windows: false,
  tiers: false,
  lateRefusals: false,
}
