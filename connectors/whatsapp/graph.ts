import { type Failure, type FailureCode, SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io } from '../connector.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { graphErrorOf } from '../meta/meta.ts'
import { failureOf } from './failure.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** Always pinned: without a version the app's newest one answers (PROVIDERS A1). v26.0 is of 2026-07-29. */
const VERSION = 'v26.0'

/** The Graph API's address for this channel's number: `…/v26.0/<phone number id>`. */
export function numberUrl(config: WhatsAppConfig): string {
  return `${graphUrl(config)}/${config.phoneNumberId}`
}

export function graphUrl(config: WhatsAppConfig): string {
  return `${config.apiBase ?? 'https://graph.facebook.com'}/${VERSION}`
}

/** Statuses that say enough without Meta's own body (RULES C5); they come from whatever stands in between. */
const BARE_STATUS: ReadonlyMap<number, FailureCode> = new Map([
  [401, 'credentials'],
  [403, 'permission'],
  [404, 'notRegistered'],
  [408, 'providerFault'],
  [413, 'contentTooLarge'],
  [429, 'throttledChannel'],
])

/**
 * Why an answer that is not 2xx refused the request (RULES C5): Meta's own error is certain, whatever the status,
 * and branched on by its code, not the status (A13). A 5xx without it may come from a proxy that gave up waiting
 * while Meta took the message: `noAnswer`.
 */
export async function refusalOf(answer: HttpAnswer, io: Io): Promise<SendFailure> {
  const { status } = answer
  const error = await graphErrorOf(answer)
  const wait = retryAfterMs(answer.headers['retry-after'], io.now())
  if (error !== undefined) {
    const failure = failureOf(error, otherwise(status))
    return new SendFailure(wait === undefined ? failure : { ...failure, retryAfterMs: wait })
  }
  const failure: Failure = {
    code: status === 503 && wait !== undefined ? 'providerDown' : bare(status),
    provider: { code: `HTTP ${status}` },
  }
  return new SendFailure(wait === undefined ? failure : { ...failure, retryAfterMs: wait })
}

/** For a Meta error whose code the table does not know. */
function otherwise(status: number): FailureCode {
  return status >= 500 ? 'providerFault' : (BARE_STATUS.get(status) ?? 'badRequest')
}

function bare(status: number): FailureCode {
  return status >= 500 ? 'noAnswer' : (BARE_STATUS.get(status) ?? 'badRequest')
}
