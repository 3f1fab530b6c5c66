import { type Failure, type FailureCode, SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io } from '../connector.ts'
import { listIn, numberIn, objectOf, parseJson } from '../kit/json.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { type GraphError, graphErrorOf } from './meta.ts'

/** How a channel of Meta's reads the errors of the Graph API. */
export type Errors = {
  failureOf: (error: GraphError, otherwise: FailureCode) => Failure
  /** Whether `error_subcode` tells apart what a code alone does not. */
  bySubcode: boolean
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
 * and branched on by its code, not the status (PROVIDERS A13). A 5xx without it may come from a proxy that gave up
 * waiting while Meta took the message: `noAnswer`.
 */
export async function refusalOf(answer: HttpAnswer, io: Io, errors: Errors): Promise<SendFailure> {
  const { status, headers } = answer
  const error = await graphErrorOf(answer, errors.bySubcode)
  const wait = retryAfterMs(headers['retry-after'], io.now()) ?? regainMs(headers)
  if (error !== undefined) {
    const failure = errors.failureOf(error, otherwise(status))
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

const MINUTE = 60_000

/** `estimated_time_to_regain_access`, in minutes: of what this business uses, the longest (PROVIDERS B5). */
function regainMs(headers: HttpAnswer['headers']): number | undefined {
  const usage = objectOf(parseJson(headers['x-business-use-case-usage'] ?? ''))
  if (usage === undefined) return undefined
  const minutes = Object.keys(usage)
    .flatMap(business => listIn(usage, business))
    .map(one => numberIn(objectOf(one), 'estimated_time_to_regain_access') ?? 0)
  const longest = Math.max(0, ...minutes)
  return longest > 0 ? longest * MINUTE : undefined
}
