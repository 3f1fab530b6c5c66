import type { OpenChannel } from '../connectors/directory.ts'
import type { Settled } from '../model/change.ts'
import { ATTEMPTS_MAX, type Failure, kindOf } from '../model/failure.ts'
import type { SourceKind } from '../model/message.ts'
import type { Random } from '../model/random.ts'
import type { QueuedMessage } from '../store/store.ts'
import { attemptsUsed, mayRetry, retryDelayMs } from './backoff.ts'
import { HOLD_MS } from './lanes.ts'

type Result = Settled['result']

/** RULES C6. Any connector's config may have it: the queue reads it without knowing the connector. */
export type OnUncertain = { afterMs: number; policy: 'resend' | 'fail' }

const AFTER_MS = 60_000

/**
 * What to do about an attempt whose answer was lost. A person or a program waits for its message, so it is sent again;
 * of a broadcast nobody misses one, and sending it twice is the worse mistake. A provider that knows a part again
 * (`idempotent`) is asked at once, since nothing can come twice.
 */
export function onUncertain(channel: OpenChannel | undefined, source: SourceKind): OnUncertain {
  const config: unknown = channel?.config
  const given = isRecord(config) ? config['onUncertain'] : undefined
  const { afterMs, then } = isRecord(given) ? given : {}
  const once = channel?.connector.idempotent === true
  return {
    afterMs: typeof afterMs === 'number' && afterMs >= 0 ? afterMs : once ? 0 : AFTER_MS,
    policy: then === 'resend' || then === 'fail' ? then : source === 'broadcast' && !once ? 'fail' : 'resend',
  }
}

/** The settlement of an uncertain attempt whose time has come. The store allows one resend for each. */
export function overdueResult(of: QueuedMessage, channel: OpenChannel | undefined, now: number): Result {
  if (channel === undefined) return { is: 'failed', failure: { code: 'channelGone' } }
  const { policy } = onUncertain(channel, of.source.kind)
  const mayResend = policy === 'resend' && of.partAttempts < ATTEMPTS_MAX && now < of.expiresAt
  return mayResend ? { is: 'resend', at: now } : { is: 'failed', failure: { code: 'uncertain' } }
}

/**
 * The settlement of an attempt that was refused.
 *
 * @param pausedForMs how long the scope of the failure is paused; undefined when it is the message's own
 * @param partAttempts attempts made for the part, this one included
 */
export function refusedResult(
  refusal: { failure: Failure; certain: boolean },
  about: { source: SourceKind; channel: OpenChannel; partAttempts: number; pausedForMs: number | undefined },
  now: number,
  random: Random,
): Result {
  const { failure, certain } = refusal
  if (!certain) {
    const { afterMs } = onUncertain(about.channel, about.source)
    return { is: 'uncertain', failure, resolveAt: now + afterMs }
  }
  if (!mayRetry(failure, about.partAttempts)) {
    return { is: 'failed', failure: kindOf(failure).retry === 'never' ? failure : attemptsUsed(failure) }
  }
  const delay = about.pausedForMs ?? retryDelayMs(failure, about.partAttempts, random)
  const kept = delay <= HOLD_MS
  return { is: 'retry', failure, at: now + Math.ceil(delay), ...(kept ? { kept } : {}) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
