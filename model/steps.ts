/**
 * The numbered steps of both flows, as `docs/architecture.md` tells them. `createDaemon` calls its `probe` at each,
 * which is how the crash test kills the process exactly there.
 */
export const STEPS = [
  'inbound.1.verified',
  'inbound.2.parsed',
  'inbound.3.committed',
  'inbound.4.answered',
  'outbound.1.accepted',
  'outbound.2.enqueued',
  'outbound.3.claimed',
  'outbound.4.attempted',
  'outbound.5.answered',
  'outbound.6.settled',
] as const
export type Step = (typeof STEPS)[number]
export type Probe = (step: Step) => void
