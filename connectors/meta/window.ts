import { SendFailure } from '../../model/failure.ts'
import type { Io, Outbound } from '../connector.ts'

/** How a message is labelled, by which Meta decides whether it may be sent now (PROVIDERS B3, B4). */
type Label = { messaging_type: 'RESPONSE' | 'UPDATE' } | typeof HUMAN_AGENT

const HUMAN_AGENT = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' } as const

const HOUR = 3_600_000
/** After what the person wrote last (B4). */
const WINDOW_MS = 24 * HOUR
/** For what a human writes (B4). */
const HUMAN_WINDOW_MS = 7 * 24 * HOUR
/** `heardAt` is to the minute. */
const ROUNDING_MS = 60_000

/**
 * The label of a message to a person: an answer within 24 hours, and of an agent's within seven days with the only
 * tag that is left. When nobody knows whether the person ever wrote it is tried, and the refusal teaches (RULES E3).
 * @throws SendFailure `windowClosed`
 */
export function labelOf({ source, heardAt }: Outbound, io: Io): Label {
  const quiet = heardAt === null ? 0 : io.now() - heardAt - ROUNDING_MS
  if (quiet < WINDOW_MS) return { messaging_type: source === 'broadcast' ? 'UPDATE' : 'RESPONSE' }
  if (source === 'agent' && quiet < HUMAN_WINDOW_MS) return HUMAN_AGENT
  throw new SendFailure({ code: 'windowClosed' })
}

/**
 * What a refusal of a message with the tag means: an app that was not reviewed for it lacks no permission for
 * anything else, so that the channel goes on.
 */
export function refusedTag(label: object, error: unknown): unknown {
  if (label !== HUMAN_AGENT || !(error instanceof SendFailure) || error.failure.code !== 'permission')
    return error
  return new SendFailure({ ...error.failure, code: 'featureDisabled' }, { cause: error })
}
