import type { OpenChannel } from '../connectors/directory.ts'
import type { Attempted, Outcome, Settled } from '../model/change.ts'
import { FAILURES, type Failure, kindOf, tellsFailing } from '../model/failure.ts'
import { fitContent } from './fit.ts'
import type { Flight, Item } from './flight.ts'
import { forget, type Group, IN_FLIGHT_MAX } from './group.ts'
import { tellHealth } from './health.ts'
import { HOLD_MS } from './lanes.ts'
import { go, type Line, prime, room, unhold } from './line.ts'
import { refusedResult } from './policy.ts'
import { type Answer, startSending } from './sender.ts'

type Result = Settled['result']

/**
 * The way of a message through a pump: taken from its lane, attempted (durable), written, answered, settled (durable).
 * Each stage is a function; between two of them the message is in exactly one place of its `Line` or in `flying`.
 */

/** Moves messages from the lanes to their attempt, as many as limits and pauses let. */
export function takeFrom(group: Group, line: Line, channel: OpenChannel): void {
  const { clock } = group.needs
  const now = clock.now()
  const mono = clock.monotonic()
  while (group.inFlight < IN_FLIGHT_MAX && room(line, group.pauses, mono) > 0) {
    const item = line.lanes.take(now)
    if (item === undefined) return
    if (group.known.get(item.message) !== item) line.lanes.done(item, now)
    else if (item.of.expiresAt <= now) failUnsent(group, line, item, { code: 'expired' })
    else {
      const pausedMs = group.pauses.waitMs(item.scopes, mono)
      if (pausedMs > 0) putAside(group, line, item, pausedMs)
      else prepare(group, line, item, channel)
    }
  }
}

/** Ends everything in the lanes of a channel that is gone. */
export function failAll(group: Group, line: Line, failure: Failure): void {
  const now = group.needs.clock.now()
  while (group.inFlight < IN_FLIGHT_MAX) {
    const item = line.lanes.take(now)
    if (item === undefined) return
    if (group.known.get(item.message) === item) failUnsent(group, line, item, failure)
    else line.lanes.done(item, now)
  }
}

/** Its recipient is paused: it waits here for a short pause and steps aside for a long one (RULES C9). */
function putAside(group: Group, line: Line, item: Item, pausedMs: number): void {
  const now = group.needs.clock.now()
  const forMs = Number.isFinite(pausedMs) ? Math.ceil(pausedMs) : PROBE_CHECK_MS
  if (forMs <= HOLD_MS) {
    line.lanes.again(item, now + forMs, now)
    return
  }
  const failure = group.pauses.why(item.scopes) ?? { code: 'throttledRecipient' }
  settleUnsent(group, line, item, { is: 'retry', failure, at: now + forMs })
}

/** How soon to look again whether a probe on the way has come back. */
const PROBE_CHECK_MS = 100

function prepare(group: Group, line: Line, item: Item, channel: OpenChannel): void {
  if (item.parts === undefined) {
    const { linkOf } = group.needs
    const { content, workspace } = item.of
    const fitted = fitContent(content, channel.connector.can(channel.config), media =>
      'link' in media ? media.link : linkOf(workspace, media.id, MEDIA_LINK_MS),
    )
    if ('failure' in fitted) {
      failUnsent(group, line, item, fitted.failure)
      return
    }
    if (item.of.parts !== null && item.of.parts !== fitted.parts.length) {
      // The channel can carry other things than when the first part was sent: what is left cannot be told any more.
      failUnsent(group, line, item, { code: 'contentUnsupported' })
      return
    }
    item.parts = fitted.parts
    item.menu = fitted.menu
  }
  attempt(group, line, item, channel)
}

/** How long a link works that a person is sent in a file's place. */
const MEDIA_LINK_MS = 7 * 86_400_000

function attempt(group: Group, line: Line, item: Item, channel: OpenChannel): void {
  const fence = group.tenure.fence()
  if (fence === undefined) return
  const flight: Flight = {
    item,
    channel,
    part: item.part,
    attempt: item.attempts + 1,
    fence,
    call: undefined,
    startedAt: 0,
    abort: undefined,
  }
  group.inFlight += 1
  line.ahead += 1
  const change: Attempted = {
    kind: 'attempted',
    message: item.message,
    lease: { group: group.name, fence },
    part: flight.part,
    attempt: flight.attempt,
    parts: item.parts?.length ?? 1,
    queued: line.waitingSince !== undefined,
    ...(item.menu !== undefined && flight.part + 1 === item.parts?.length && { menu: item.menu }),
  }
  if (item.partAttempts > 0) group.needs.listener?.resent('retry')
  group.ledger.write(item.of.workspace, change, outcome => onAttempted(group, line, flight, outcome))
}

function onAttempted(group: Group, line: Line, flight: Flight, outcome: Outcome): void {
  const isOurs = flight.fence === group.tenure.fence()
  if (outcome.ok && outcome.ended === true)
    group.needs.listener?.failed(flight.channel.connector.connector, 'optedOut', true)
  if (isOurs && outcome.ok && outcome.ended !== true) {
    flight.item.attempts = flight.attempt
    flight.item.partAttempts += 1
    group.needs.probe?.('outbound.4.attempted')
    prime(line, flight)
  } else {
    // Cancelled, settled or refused by its recipient meanwhile, or the lease is gone. Nothing was written.
    group.inFlight -= 1
    if (isOurs) line.ahead -= 1
    if (!outcome.ok && outcome.code === 'stale') group.claimWanted = true
    leave(group, line, flight.item)
  }
  group.soon()
}

/** Writes what is due at this moment. Returns when to look again (monotonic), undefined if nothing waits for time. */
export function writeFrom(group: Group, line: Line): number | undefined {
  const { clock, listener } = group.needs
  for (;;) {
    const mono = clock.monotonic()
    if (!group.tenure.mayWrite(mono)) return undefined
    const next = go(line, group.pauses, mono)
    if (next.is === 'wait') {
      if (next.limited) line.waitingSince ??= mono
      return next.until
    }
    if (next.is === 'giveBack') {
      giveBack(group, line, next.flight, next.forMs)
      continue
    }
    if (line.waitingSince !== undefined) listener?.waited('channel', mono - line.waitingSince)
    line.waitingSince = undefined
    launch(group, line, next.flight, mono)
  }
}

/** An attempt whose scope was paused before it was written: surely not sent. */
export function giveBack(group: Group, line: Line, flight: Flight, forMs: number): void {
  const failure = group.pauses.why(flight.item.scopes) ?? { code: 'throttledChannel' }
  settle(group, line, flight, { is: 'retry', failure, at: group.needs.clock.now() + Math.ceil(forMs) })
}

function launch(group: Group, line: Line, flight: Flight, mono: number): void {
  flight.call = group.pauses.start(flight.item.scopes, mono)
  flight.startedAt = mono
  const { clock } = group.needs
  const mayWrite = (): boolean =>
    flight.fence === group.tenure.fence() && group.tenure.mayWrite(clock.monotonic())
  const { answer, abort } = startSending(flight, { ...group.needs, memo: group.memo, mayWrite })
  flight.abort = abort
  group.flying.add(flight)
  void answer.then(told => onAnswered(group, line, flight, told))
}

function onAnswered(group: Group, line: Line, flight: Flight, answer: Answer): void {
  const { clock, listener, probe } = group.needs
  group.flying.delete(flight)
  probe?.('outbound.5.answered')
  const mono = clock.monotonic()
  const connector = flight.channel.connector.connector
  if (answer.is === 'accepted') {
    listener?.sent(connector, mono - flight.startedAt)
    if (flight.call !== undefined) group.pauses.succeeded(flight.call, mono)
    lookAgain(group, flight)
    tellHealth(group, line, flight.channel, { state: 'ok' })
    const { providerIds, held, raw } = answer.sent
    settle(group, line, flight, { is: 'accepted', providerIds, held: held ?? false, at: clock.now(), raw })
    return
  }
  const { failure, certain } = answer
  listener?.failed(connector, failure.code, certain)
  if (tellsFailing(failure))
    tellHealth(group, line, flight.channel, { state: 'failing', why: FAILURES[failure.code].says })
  const pausedForMs = pauseFor(group, flight, answer, mono)
  lookAgain(group, flight)
  const about = {
    source: flight.item.of.source.kind,
    channel: flight.channel,
    partAttempts: flight.item.partAttempts,
    pausedForMs,
  }
  settle(group, line, flight, refusedResult(answer, about, clock.now(), group.needs.random))
}

/** Pauses the scope of a refusal, or tells the scopes that it was none of theirs. */
function pauseFor(group: Group, flight: Flight, answer: Extract<Answer, { is: 'refused' }>, mono: number) {
  const { call, item } = flight
  if (call === undefined) return undefined
  const { scope, retry, blame } = kindOf(answer.failure)
  if (answer.certain && retry !== 'never' && scope !== 'message') {
    const [account, channel, recipient] = item.scopes
    const key = { account, channel, recipient }[scope]
    return group.pauses.refused(call, key, answer.failure, mono) - mono
  }
  // The provider answered about this message alone, so its scopes are well; else nothing was learnt about them.
  if (answer.certain && blame !== 'us') group.pauses.succeeded(call, mono)
  else group.pauses.dropped(call, mono)
  return undefined
}

/** What waited for a probe learns what became of it. */
function lookAgain(group: Group, { call }: Flight): void {
  if (call !== undefined && call.probed.length > 0) group.lines.forEach(unhold)
}

/** Ends or puts off a message of which no attempt is under way. */
export function settleUnsent(group: Group, line: Line, item: Item, result: Result): void {
  const fence = group.tenure.fence()
  if (fence === undefined) return
  group.inFlight += 1
  settle(group, line, { item, part: item.part, attempt: item.attempts, fence }, result)
}

export function failUnsent(group: Group, line: Line, item: Item, failure: Failure): void {
  const channel = group.needs.directory.get(line.channel)
  group.needs.listener?.failed(channel?.connector.connector ?? 'unknown', failure.code, true)
  settleUnsent(group, line, item, { is: 'failed', failure })
}

type Settling = Pick<Flight, 'item' | 'part' | 'attempt' | 'fence'>

function settle(group: Group, line: Line, settling: Settling, result: Result): void {
  const { item, part, attempt: number, fence } = settling
  const lease = { group: group.name, fence }
  const change: Settled = { kind: 'settled', message: item.message, lease, part, attempt: number, result }
  group.ledger.write(item.of.workspace, change, outcome => onSettled(group, line, settling, result, outcome))
}

function onSettled(group: Group, line: Line, settling: Settling, result: Result, outcome: Outcome): void {
  const { item } = settling
  const now = group.needs.clock.now()
  group.inFlight -= 1
  group.needs.probe?.('outbound.6.settled')
  group.soon()
  if (settling.fence !== group.tenure.fence() || !outcome.ok) {
    if (!outcome.ok && outcome.code === 'stale') group.claimWanted = true
    leave(group, line, item)
  } else if (result.is === 'accepted' && item.part + 1 < (item.parts?.length ?? 1)) {
    goOn(group, line, item)
  } else if (result.is === 'retry' && result.kept === true) {
    line.lanes.again(item, result.at, now)
  } else {
    if (result.is === 'uncertain') group.uncertainAt = Math.min(group.uncertainAt, result.resolveAt)
    leave(group, line, item)
  }
}

/** The next part: its message keeps its address, and the store keeps it claimed for us. */
function goOn(group: Group, line: Line, item: Item): void {
  item.part += 1
  item.partAttempts = 0
  item.resends = 0
  const channel = group.needs.directory.get(line.channel)
  if (channel === undefined || channel.status === 'paused') {
    const now = group.needs.clock.now()
    line.lanes.again(item, now, now)
  } else if (!group.stopping) attempt(group, line, item, channel)
}

function leave(group: Group, line: Line, item: Item): void {
  forget(group, item)
  line.lanes.done(item, group.needs.clock.now())
}
