import { STATUS_CODES } from 'node:http'
import type { Change, Outcome, Refusal } from '../model/change.ts'
import type { WorkspaceId } from '../model/ids.ts'
import { FileTooLarge, LogTrimmed, type Store, StoreBusy, StoreFailing } from '../store/store.ts'
import type { FieldError } from './explain.ts'

/** Every `code` a problem may have, with its usual status. Compared with `docs/` in both directions. */
export const PROBLEMS = {
  invalidInput: 400,
  malformedJson: 400,
  malformedRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  originRefused: 403,
  notFound: 404,
  methodNotAllowed: 405,
  requestTimeout: 408,
  exists: 409,
  state: 409,
  stale: 409,
  inProgress: 409,
  fileNotStored: 409,
  gone: 410,
  tooLarge: 413,
  unsupportedMediaType: 415,
  impossible: 422,
  noRecipient: 422,
  keyReused: 422,
  upgradeRequired: 426,
  tooManyFailures: 429,
  tooManyRequests: 429,
  headersTooLarge: 431,
  internal: 500,
  busy: 503,
  unavailable: 503,
} as const
export type ProblemCode = keyof typeof PROBLEMS

export type ProblemExtras = {
  errors?: FieldError[]
  /** Seconds after which trying again makes sense. */
  retryAfterS?: number
  /** Members that a code adds: the oldest number of a trimmed log, the methods that a URL takes. */
  more?: Record<string, unknown>
  headers?: Record<string, string>
}

/** An answer that says what is wrong, thrown by whoever finds out: RFC 9457, `application/problem+json`. */
export class Problem extends Error {
  override name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail)
    this.code = code
    this.status = PROBLEMS[code]
    this.extras = extras
  }

  headers(): Record<string, string> {
    const { retryAfterS, headers } = this.extras
    return retryAfterS === undefined ? { ...headers } : { ...headers, 'retry-after': String(retryAfterS) }
  }

  /** The body. `type` is `about:blank`: the code tells apart what a program may want to tell apart. */
  json(): string {
    const { errors, more } = this.extras
    return JSON.stringify({
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(errors === undefined ? {} : { errors }),
      ...more,
    })
  }
}

export function notFound(what: string): Problem {
  return new Problem('notFound', `There is no such ${what}.`)
}

export function invalidInput(errors: FieldError[]): Problem {
  const fields = errors.map(error => `${error.field || 'the body'} ${error.message}`)
  return new Problem('invalidInput', `The input is not valid: ${fields.slice(0, 3).join('; ')}.`, { errors })
}

/** What the answer to a refused change is. A reference in a body that leads nowhere is 422, not 404. */
function problemOfRefusal(refused: { code: Refusal; detail: string }, inBody: boolean): Problem {
  switch (refused.code) {
    case 'notFound':
      return new Problem(inBody ? 'impossible' : 'notFound', refused.detail)
    case 'exists':
      return new Problem('exists', refused.detail)
    case 'state':
      return new Problem('state', refused.detail)
    case 'stale':
      return new Problem('stale', refused.detail, { retryAfterS: 1 })
    case 'keyReused':
      return new Problem('keyReused', 'The Idempotency-Key was used before with another body.')
    case 'noRecipient':
      return new Problem('noRecipient', refused.detail)
    case 'optedOut':
      return new Problem('impossible', refused.detail, { more: { reason: 'optedOut' } })
    case 'invalid':
    case 'noUpload':
      return new Problem('impossible', refused.detail)
    case 'full':
      return new Problem('busy', refused.detail, { retryAfterS: 5 })
  }
}

/** The outcome of a change that must have been applied. @throws Problem if it was refused. */
export function applied(
  outcome: Outcome | undefined,
  options: { inBody?: boolean } = {},
): { id?: string; duplicate?: boolean } {
  if (outcome === undefined) throw new Error('the store gave no outcome')
  if (!outcome.ok) throw problemOfRefusal(outcome, options.inBody ?? false)
  return outcome
}

/** Commits one change that must be applied. @throws Problem if it was refused */
export async function commitOne(
  { store }: { store: Pick<Store, 'commit'> },
  workspace: WorkspaceId,
  change: Change,
): Promise<{ id?: string; duplicate?: boolean }> {
  const { outcomes } = await store.commit({ workspace, changes: [change] })
  return applied(outcomes[0])
}

/** Anything thrown while answering, as a problem; undefined for a defect of ours. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (error instanceof StoreBusy) {
    return new Problem('busy', 'Too much is waiting to be stored.', {
      retryAfterS: Math.ceil(error.retryAfterMs / 1000),
    })
  }
  if (error instanceof StoreFailing) {
    return new Problem('unavailable', 'The store cannot write now.', { retryAfterS: 5 })
  }
  if (error instanceof LogTrimmed) {
    return new Problem('gone', `The log is kept from ${error.oldest} on.`, { more: { oldest: error.oldest } })
  }
  if (error instanceof FileTooLarge) return new Problem('tooLarge', `The file is ${error.message}.`)
  return problemOfFastify(error)
}

/** Fastify's own refusals, by its codes (https://fastify.dev/docs/latest/Reference/Errors/). */
const FASTIFY: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['tooLarge', 'The body is larger than this URL takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupportedMediaType', 'This URL takes application/json.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformedJson', 'The body is not JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformedJson', 'The body is empty.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformedRequest', 'The body is not as long as it says.'],
  FST_ERR_BAD_URL: ['malformedRequest', 'The URL is malformed.'],
  FST_ERR_ASYNC_CONSTRAINT: ['malformedRequest', 'The request is malformed.'],
  FST_REQ_FILE_TOO_LARGE: ['tooLarge', 'The file is larger than this URL takes.'],
  FST_FILES_LIMIT: ['tooLarge', 'One file at a time.'],
  FST_PARTS_LIMIT: ['tooLarge', 'The form has too many parts.'],
  FST_FIELDS_LIMIT: ['tooLarge', 'The form has too many fields.'],
  FST_INVALID_MULTIPART_CONTENT_TYPE: ['unsupportedMediaType', 'This URL takes multipart/form-data.'],
}

function problemOfFastify(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof SyntaxError && 'statusCode' in error && error.statusCode === 400) {
    return new Problem('malformedJson', 'The body is not JSON.')
  }
  const code = 'code' in error ? String(error.code) : ''
  const known = FASTIFY[code]
  return known === undefined ? undefined : new Problem(known[0], known[1])
}
