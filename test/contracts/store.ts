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
import { createTrial, type Specimen } from './store/trial.ts'
import { visitorLaws } from './store/visitors.ts'

export type { Specimen } from './store/trial.ts'

/**
 * The laws that every store holds: RULES A to D as they show from outside. Each engine runs all of them, in
 * `test/store/`; a law that only one could hold would not belong here.
 */
export function storeLaws(name: string, open: () => Promise<Specimen>): void {
  describe(name, () => {
    const trial = createTrial(open)
    logLaws(trial)
    inboundLaws(trial)
    sendingLaws(trial)
    receiptLaws(trial)
    fileLaws(trial)
    retentionLaws(trial)
    accessLaws(trial)
    amendmentLaws(trial)
    peopleLaws(trial)
    consentLaws(trial)
    identityLaws(trial)
    contactLaws(trial)
    foundLaws(trial)
    timelineLaws(trial)
    visitorLaws(trial)
    importLaws(trial)
    toldLaws(trial)
  })
}
