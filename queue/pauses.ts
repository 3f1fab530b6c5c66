import type { Failure } from '../model/failure.ts'
import type { Random } from '../model/random.ts'
import { pauseMs } from './backoff.ts'

/**
 * Which recipients, channels and accounts get no calls for now (RULES E4). A scope is
 *
 * - `open`: everything may go. Most scopes are, and have no entry here.
 * - `paused` until a time: nothing goes.
 * - `due`: the pause is over; exactly one call goes, the probe.
 * - `probing`: the probe is on the way; nothing else goes. Its success opens the scope, its failure pauses it longer,
 *   and a probe that was never sent leaves it due.
 *
 * A refusal that was on the way when the pause began says nothing new and does not lengthen it: 200 calls in flight
 * that are all throttled are one reason to slow down. The level, by which pauses grow, rises by one with each new
 * refusal, is halved by each probe that succeeds, and is forgotten after `CALM_MS` without a refusal: a provider that
 * refuses one call in twenty costs short pauses, one that is down gets ever fewer probes.
 */
export type Pauses = {
  /** Milliseconds until a call to all of these scopes may go; 0 is go. Infinity while a probe is on the way. */
  waitMs(keys: readonly string[], now: number): number
  /** Whether a pause of one of these just ended, so that the next call is its probe. */
  isDue(keys: readonly string[]): boolean
  /** Why the first of these that is paused is so. */
  why(keys: readonly string[]): Failure | undefined
  /** A call starts. Returns what `succeeded`, `refused` or `dropped` needs to know about it. */
  start(keys: readonly string[], now: number): Call
  succeeded(call: Call, now: number): void
  /** Pauses `key`, or leaves the pause as it is if it is older news. Returns when the pause ends. */
  refused(call: Call, key: string, failure: Failure, now: number): number
  /** Nothing was learnt: it was not sent, or failed for a reason of its own that comes from before the provider. */
  dropped(call: Call, now: number): void
  list(now: number): { scope: string; forMs: number; code: string }[]
}

export type Call = { at: number; probed: readonly string[] }

const CALM_MS = 30_000
/** More scopes than this are never remembered; those that are open again are forgotten first. */
const SCOPES_MAX = 10_000

type Scope = {
  state: 'paused' | 'probing' | 'open'
  began: number
  until: number
  level: number
  failure: Failure
}

const NO_PROBE: readonly string[] = []

export function createPauses(random: Random): Pauses {
  const scopes = new Map<string, Scope>()
  const waitOf = (key: string, now: number): number => {
    const scope = scopes.get(key)
    if (scope === undefined || scope.state === 'open') return 0
    return scope.state === 'probing' ? Number.POSITIVE_INFINITY : Math.max(0, scope.until - now)
  }
  const leave = (call: Call, state: 'open' | 'paused', now: number): void => {
    for (const key of call.probed) {
      const scope = scopes.get(key)
      if (scope?.state !== 'probing') continue
      scope.state = state
      scope.until = now
      if (state === 'open') scope.level >>= 1
    }
  }
  return {
    waitMs: (keys, now) => {
      if (scopes.size === 0) return 0
      let wait = 0
      for (const key of keys) wait = Math.max(wait, waitOf(key, now))
      return wait
    },
    isDue: keys => scopes.size > 0 && keys.some(key => scopes.get(key)?.state === 'paused'),
    why: keys =>
      keys.map(key => scopes.get(key)).find(scope => scope !== undefined && scope.state !== 'open')?.failure,
    start: (keys, now) => {
      if (scopes.size === 0) return { at: now, probed: NO_PROBE }
      const probed = keys.filter(key => scopes.get(key)?.state === 'paused')
      for (const key of probed) {
        const scope = scopes.get(key)
        if (scope !== undefined) scope.state = 'probing'
      }
      return { at: now, probed }
    },
    succeeded: (call, now) => leave(call, 'open', now),
    dropped: (call, now) => leave(call, 'paused', now),
    refused: (call, key, failure, now) => {
      const known = scopes.get(key)
      const probed = call.probed.includes(key)
      // The other scopes let the call through, so they answered well.
      leave({ at: call.at, probed: call.probed.filter(other => other !== key) }, 'open', now)
      if (known !== undefined && !probed && call.at <= known.began) return Math.max(now, known.until)
      const level = levelOf(known, now) + 1
      const until = now + pauseMs(failure, level, random)
      makeRoom(scopes)
      scopes.set(key, { state: 'paused', began: now, until, level, failure })
      return until
    },
    list: now =>
      [...scopes]
        .filter(([, { state }]) => state !== 'open')
        .map(([scope, { until, failure }]) => ({
          scope,
          forMs: Math.max(0, until - now),
          code: failure.code,
        })),
  }
}

function levelOf(scope: Scope | undefined, now: number): number {
  if (scope === undefined) return 0
  if (scope.state !== 'open') return scope.level
  return now - scope.until < CALM_MS ? scope.level : 0
}

function makeRoom(scopes: Map<string, Scope>): void {
  if (scopes.size < SCOPES_MAX) return
  for (const [key, { state }] of scopes) {
    if (state === 'open') scopes.delete(key)
  }
  // All of them paused: the oldest is tried again too early, which costs one call.
  for (const key of scopes.keys()) {
    if (scopes.size < SCOPES_MAX) return
    scopes.delete(key)
  }
}
