import type { Observation } from '../../model/status.ts'

/** PROVIDERS A4 and J. What is not here (`deleted`, `warning` and whatever comes) tells nothing that we show. */
export const STATUS: ReadonlyMap<string, Observation['status']> = new Map([
  ['sent', 'sent'],
  ['delivered', 'received'],
  ['read', 'read'],
  // First play of a voice note: it was read, and more.
  ['played', 'read'],
  ['failed', 'failed'],
])

/** `message_status` of an accepted template that Meta keeps back for now (PROVIDERS A6, A7 and J; RULES D4). */
export const HELD: ReadonlySet<string> = new Set(['held_for_quality_assessment', 'paused'])
