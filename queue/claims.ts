import { LANES, type Lane } from '../model/change.ts'
import type { ChannelId } from '../model/ids.ts'
import type { Claim } from '../store/store.ts'
import { channelScopes, itemOf } from './flight.ts'
import { admit, type Group, lineOf } from './group.ts'
import { HOLD_MS } from './lanes.ts'
import { abandon } from './line.ts'
import { onUncertain, overdueResult } from './policy.ts'
import { failUnsent, settleUnsent } from './stages.ts'

/**
 * When a pump asks the store for work, and what it does with what it gets. One claim is on the way at a time; what
 * comes up meanwhile is asked for by the next, so claims grow with the load by themselves.
 */
export type Claims = {
  /** Asks if it is time to. Returns when to look again (monotonic). */
  turn(): number
  /** Somebody says that there is work. */
  wake(): void
  /** Lets go of everything in memory and of the lease, until the channels may send again or somebody wakes it. */
  rest(): void
  busy(): boolean
}

/** Messages of one lane that are kept in memory. Fetched again when half of them are gone. */
const LANE_DEPTH_MAX = 2048

/** Between claims that brought nothing although the store said that something is due, and between failed ones. */
const IDLE_MIN_MS = 250
const IDLE_MAX_MS = 30_000

type Turn = {
  claiming: boolean
  /** Monotonic: not to ask before, and to ask at. */
  notBefore: number
  nextAt: number
  idleMs: number
  more: Record<Lane, boolean>
}

export function createClaims(group: Group): Claims {
  const { clock, log } = group.needs
  const state: Turn = {
    claiming: false,
    notBefore: 0,
    nextAt: Infinity,
    idleMs: 0,
    more: none(),
  }

  const nextAt = (now: number): number => Math.min(state.nextAt, now + group.uncertainAt - clock.now())
  const wants = (now: number): boolean => {
    if (hasWork(group) && now >= group.tenure.renewAt()) return true
    const isDue = group.claimWanted || now >= nextAt(now)
    return LANES.some(lane => (isDue || state.more[lane]) && limitOf(group, lane) > 0)
  }
  const claim = async (): Promise<void> => {
    state.claiming = true
    const wanted = group.claimWanted
    group.claimWanted = false
    group.uncertainAt = Infinity
    try {
      const skipped = heldBack(group)
      // With every channel held back the claim only keeps the lease and brings what expired.
      const isHeld = skipped.length > 0 && skipped.length === group.needs.directory.ofGroup(group.name).length
      const limits = {
        reply: isHeld ? 0 : limitOf(group, 'reply'),
        normal: isHeld ? 0 : limitOf(group, 'normal'),
        bulk: isHeld ? 0 : limitOf(group, 'bulk'),
      }
      const skippedMs = Math.min(...skipped.map(({ forMs }) => forMs))
      const { claim, taken } = await group.tenure.claim({
        limits,
        horizonMs: HOLD_MS,
        skip: skipped.map(({ channel }) => channel),
        ...orphans(group),
      })
      const now = clock.monotonic()
      if (taken) letGo(group)
      if (claim.held) {
        const brought = absorb(group, claim)
        state.idleMs = brought || wanted ? 0 : Math.min(IDLE_MAX_MS, Math.max(IDLE_MIN_MS, state.idleMs * 2))
        const dueMs = claim.nextAt === null ? Infinity : Math.max(claim.nextAt - clock.now(), state.idleMs)
        state.nextAt = now + Math.min(dueMs, skippedMs)
        // What was not asked for may be there.
        for (const lane of LANES) state.more[lane] = limits[lane] === 0 ? !isHeld : claim.more[lane]
      } else {
        state.nextAt = now + Math.max(IDLE_MIN_MS, claim.until - clock.now())
        state.more = none()
      }
    } catch (error) {
      log.warn({ err: error, group: group.name }, 'the store gave no work; asking again')
      group.claimWanted ||= wanted
      state.idleMs = Math.min(IDLE_MAX_MS, Math.max(IDLE_MIN_MS, state.idleMs * 2))
      state.notBefore = clock.monotonic() + Math.min(state.idleMs, ERROR_MAX_MS)
    }
    state.claiming = false
    group.soon()
  }
  return {
    turn: () => {
      const now = clock.monotonic()
      if (state.claiming || group.stopping) return Infinity
      if (now < state.notBefore) return state.notBefore
      if (wants(now)) {
        void claim()
        return Infinity
      }
      // What is due and has no room is asked for when there is; that is at the end of some other turn.
      const at = nextAt(now)
      return Math.min(at > now ? at : Infinity, hasWork(group) ? group.tenure.renewAt() : Infinity)
    },
    wake: () => {
      group.claimWanted = true
      state.idleMs = 0
    },
    rest: () => {
      letGo(group)
      // One more claim, which skips what is held back: it tells when the next of those expires.
      group.claimWanted = true
      state.more = none()
      state.claiming = true
      group.tenure
        .release()
        .catch(error =>
          log.warn({ err: error, group: group.name }, 'a lease could not be given back; it will end'),
        )
        .finally(() => {
          state.claiming = false
          group.soon()
        })
    },
    busy: () => state.claiming,
  }
}

const none = (): Record<Lane, boolean> => ({ reply: false, normal: false, bulk: false })

/** The longest wait after a claim that failed: by then writing stops for want of a renewal anyway. */
const ERROR_MAX_MS = 2000

function hasWork(group: Group): boolean {
  return group.known.size + group.inFlight > 0
}

/** How many of a lane to ask for: nothing while more than half is there. */
function limitOf(group: Group, lane: Lane): number {
  let depth = 0
  for (const line of group.lines.values()) {
    if (heldBackMs(group, line.channel) === 0) depth += line.lanes.depth(lane)
  }
  return depth <= LANE_DEPTH_MAX / 2 ? LANE_DEPTH_MAX - depth : 0
}

/** Channels that would only fill the lanes, and in how long to look at them again. */
function heldBack(group: Group): { channel: ChannelId; forMs: number }[] {
  const channels = group.needs.directory.ofGroup(group.name)
  return channels.flatMap(({ id: channel }) => {
    const forMs = heldBackMs(group, channel)
    return forMs > 0 ? [{ channel, forMs }] : []
  })
}

/** Attempts whose process died are resolved when the slowest of the group's channels would resolve them. */
function orphans(group: Group): { orphanResolveMs?: number } {
  const channels = group.needs.directory.ofGroup(group.name)
  if (channels.length === 0) return {}
  return { orphanResolveMs: Math.max(...channels.map(channel => onUncertain(channel, 'api').afterMs)) }
}

/** How soon to look at a channel that its operator paused; whoever resumes it wakes the queue. */
const PAUSED_LOOK_MS = 300_000

/** For how long the channel's messages are not worth holding; 0 if something of it may go within `HOLD_MS`. */
export function heldBackMs(group: Group, channel: ChannelId): number {
  if (group.needs.directory.get(channel)?.status === 'paused') return PAUSED_LOOK_MS
  const waitMs = group.pauses.waitMs(channelScopes(channel), group.needs.clock.monotonic())
  return Number.isFinite(waitMs) ? Math.max(0, waitMs - HOLD_MS) : 0
}

/** What was claimed under a former lease is for its next holder, who may be us again. */
function letGo(group: Group): void {
  const now = group.needs.clock.monotonic()
  for (const line of group.lines.values()) {
    group.inFlight -= abandon(line, now)
  }
  group.known.clear()
}

/** Takes in what was claimed. Whether there was anything. */
function absorb(group: Group, claim: Extract<Claim, { held: true }>): boolean {
  const { directory, clock, listener, probe } = group.needs
  for (const of of claim.expired) {
    // If it is in a lane it stays there, and is passed over when its turn comes.
    failUnsent(group, lineOf(group, of), group.known.get(of.message) ?? itemOf(of), { code: 'expired' })
  }
  for (const of of claim.overdue) {
    // It stays overdue until its settlement is durable, and the next claim may bring it again.
    if (group.known.has(of.message)) continue
    const item = itemOf(of)
    group.known.set(of.message, item)
    const result = overdueResult(of, directory.get(of.channel), clock.now())
    if (result.is === 'resend') listener?.resent('uncertain')
    settleUnsent(group, lineOf(group, of), item, result)
  }
  for (const of of claim.items) admit(group, of)
  if (claim.items.length > 0) probe?.('outbound.3.claimed')
  return claim.items.length + claim.overdue.length + claim.expired.length > 0
}
