import { describe } from 'vitest'
import { accessLaws } from './store/access.ts'
import { amendmentLaws } from './store/amendments.ts'
import { consentLaws } from './store/consent.ts'
import { contactLaws } from './store/contacts.ts'
import { fileLaws } from './store/files.ts'
import { foundLaws } from './store/found.ts'
import { identityLaws } from './store/identity.ts'
import { importLaws } from './store/imports.ts'
import { inboundLaws } from './store/inbound.ts'
import { logLaws } from './store/log.ts'
import { peopleLaws } from './store/people.ts'
import { receiptLaws } from './store/receipts.ts'
import { retentionLaws } from './store/retention.ts'
import { sendingLaws } from './store/sending.ts'
import { timelineLaws } from './store/timeline.ts'
import { toldLaws } from './store/told.ts'
import { createTrial, type Specimen, type Trial } from './store/trial.ts'
import { visitorLaws } from './store/visitors.ts'

export type { Specimen } from './store/trial.ts'

/** Laws that every kind of call passes: commits, the log, claims, files, sweeps, and queries with them. */
export const CALL_LAWS = [logLaws, inboundLaws, sendingLaws, fileLaws, retentionLaws] as const

const ALL_LAWS = [
  ...CALL_LAWS,
  ...[receiptLaws, accessLaws, amendmentLaws, peopleLaws, consentLaws, identityLaws, contactLaws],
  ...[foundLaws, timelineLaws, visitorLaws, importLaws, toldLaws],
]

/**
 * The laws that every store holds: RULES A to F as they show from outside. Each engine runs all of them, in
 * `test/store/`; a law that only one could hold would not belong here. `laws`: fewer, where only the way to an engine
 * differs that runs all of them elsewhere.
 */
export function storeLaws(
  name: string,
  open: () => Promise<Specimen>,
  laws: readonly ((it: Trial) => void)[] = ALL_LAWS,
): void {
  describe(name, () => {
    const trial = createTrial(open)
    for (const law of laws) law(trial)
  })
}
