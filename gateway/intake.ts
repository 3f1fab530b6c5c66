import type { Action, AnyConnector, Reply, WebhookRequest } from '../connectors/connector.ts'
import type { Directory, OpenChannel } from '../connectors/directory.ts'
import type { Committed, Transaction } from '../model/change.ts'
import type { Clock } from '../model/clock.ts'
import type { ChannelId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import type { Probe } from '../model/steps.ts'
import { type Store, StoreBusy, StoreFailing } from '../store/store.ts'
import { attribute } from './attribute.ts'
import { createFailureLimit } from './failure-limit.ts'
import { createGates, type Gate, type Named, verify } from './gates.ts'
import type { Metrics } from './metrics.ts'
import type { Spool } from './spool/spool.ts'

export type IntakeOptions = {
  store: Pick<Store, 'commit'>
  directory: Directory
  connectorOf: (name: string) => AnyConnector | undefined
  metrics: Metrics
  clock: Clock
  log: Log
  probe?: Probe | undefined
  /** For what comes only once, while the store cannot be reached (RULES B9). */
  spool?: Pick<Spool, 'holds' | 'keep'>
  /** Gives a provider the answer that it waits for; absent where nobody would. */
  act?: (channel: OpenChannel, action: Action) => void
}

export type IntakeAnswer = Reply & { retryAfterS?: number }

/**
 * Takes a provider's webhook in, exactly by RULES B2: verified over its raw bytes, parsed, committed, and only then
 * answered. `channel` is the part of the URL after the connector, if there is one; `address` tells the client's and is
 * asked only where signatures fail.
 *
 * This is the hottest path: what it looks up is made once for a version of the directory, and it writes no log.
 */
export type Intake = (
  connector: string,
  channel: string | undefined,
  request: WebhookRequest,
  address: () => string,
) => Promise<IntakeAnswer>

const NOT_FOUND: IntakeAnswer = { status: 404 }
const UNAUTHORIZED: IntakeAnswer = { status: 401 }
const THROTTLED: IntakeAnswer = { status: 429, retryAfterS: 60 }
const UNAVAILABLE: IntakeAnswer = { status: 503, retryAfterS: 5 }

export function createIntake(options: IntakeOptions): Intake {
  const { directory, connectorOf, metrics, clock, probe } = options
  const gateOf = createGates(directory, connectorOf)
  const failures = createFailureLimit(clock)
  return async (connector, channelId, request, address) => {
    const from = clock.monotonic()
    const gate = gateOf(connector)
    const named = channelId === undefined ? undefined : gate?.ofChannel.get(channelId as ChannelId)
    if (gate === undefined || (channelId !== undefined && named === undefined)) {
      metrics.intakeRequests.add(['other', 'notFound'])
      return NOT_FOUND
    }
    const done = (result: string, answer: IntakeAnswer): IntakeAnswer => {
      metrics.intakeRequests.add([gate.name, result])
      metrics.intakeSeconds.observe([gate.name], (clock.monotonic() - from) / 1000)
      return answer
    }
    const hurried = failures.reached(address)
    const refuse = (answer: IntakeAnswer): IntakeAnswer =>
      failures.count(address()) ? done('throttled', THROTTLED) : done('unauthorized', answer)
    if (request.method === 'GET' && !hurried) {
      const hello = greet(gate, named, request)
      if (hello !== undefined) return hello.status < 400 ? done('handshake', hello) : refuse(hello)
    }
    const holder = verify(gate, named, request, hurried)
    if (holder === undefined) {
      // Some providers shake hands by POST and sign nothing yet.
      const hello = request.method === 'GET' || hurried ? undefined : greet(gate, named, request)
      if (hello !== undefined && hello.status < 400) return done('handshake', hello)
      return refuse(hello ?? UNAUTHORIZED)
    }
    probe?.('inbound.1.verified')
    const { transactions, awaited } = attribute(options, gate, holder, named?.channel, request)
    probe?.('inbound.2.parsed')
    if (transactions.length === 0) return done('ignored', gate.reply)
    const spool = gate.receive.redelivers === 'seldom' ? options.spool : undefined
    const channels = spool === undefined ? [] : channelsIn(transactions)
    // Behind those of its channel that wait already: order is kept (RULES B9).
    const result = spool?.holds(channels) ? 'busy' : await commitAll(options, gate, transactions)
    if (spool !== undefined && (result === 'busy' || result === 'failing')) {
      const delivery = { connector: gate.name, named: named?.channel.id, channels, request }
      if (await spool.keep(delivery)) return done('spooled', gate.reply)
    }
    if (result !== 'stored') return done(result, UNAVAILABLE)
    probe?.('inbound.3.committed')
    for (const { channel, action } of awaited) options.act?.(channel, action)
    return done('stored', gate.reply)
  }
}

/** The provider's handshake, accepted with the token of any channel that the URL serves (RULES B2). */
function greet(gate: Gate, named: Named | undefined, request: WebhookRequest): Reply | undefined {
  const { hello } = gate.receive
  if (hello === undefined) return undefined
  let refusal: Reply | undefined
  for (const channel of named === undefined ? channelsOf(gate) : [named.channel]) {
    const reply = hello(request, channel.config)
    if (reply !== undefined && reply.status < 400) return reply
    refusal ??= reply
  }
  return refusal
}

function channelsOf(gate: Gate): OpenChannel[] {
  return [...gate.ofChannel.values()].map(({ channel }) => channel)
}

function channelsIn(transactions: readonly Transaction[]): ChannelId[] {
  const ids = transactions.flatMap(({ changes }) =>
    changes.flatMap(change => ('channel' in change ? (change.channel as ChannelId) : [])),
  )
  return [...new Set(ids)]
}

/** `busy` and `failing`: the store cannot be reached. `refused`: it would take other things, and not this. */
type CommitResult = 'stored' | 'busy' | 'failing' | 'refused'

/**
 * All durable within the store's 5 s (RULES C7), or the whole delivery is to come again: what was stored
 * meanwhile is recognised then (RULES B1).
 */
async function commitAll(
  { store, metrics, log }: IntakeOptions,
  gate: Gate,
  transactions: Transaction[],
): Promise<CommitResult> {
  const [first] = transactions
  try {
    const isOne = transactions.length === 1 && first !== undefined
    const all = isOne
      ? [await store.commit(first)]
      : await Promise.all(transactions.map(one => store.commit(one)))
    return all.every((committed, index) => stands(committed, transactions[index], gate, metrics))
      ? 'stored'
      : 'refused'
  } catch (error) {
    if (error instanceof StoreBusy) return 'busy'
    // Not once a request: a failing store tells its reason through /readyz.
    log.debug({ err: error }, 'a webhook could not be stored')
    return error instanceof StoreFailing ? 'failing' : 'refused'
  }
}

/**
 * Whether nothing was lost. Refused are changes to a channel that was deleted meanwhile, and receipts beyond what may
 * be parked (RULES D6); a message that is refused for another reason must come again.
 */
export function stands(
  { outcomes }: Committed,
  transaction: Transaction | undefined,
  gate: Gate,
  metrics: Metrics,
): boolean {
  let lost = false
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index]
    if (outcome === undefined || outcome.ok) continue
    metrics.intakeIgnored.add([gate.name, outcome.code])
    if (outcome.code !== 'notFound' && transaction?.changes[index]?.kind === 'received') lost = true
  }
  return !lost
}
