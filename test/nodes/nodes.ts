import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { type Random, seededRandom } from '../../model/random.ts'
import { type Found, judge, lost, wholeLog } from '../crash/judge.ts'
import type { Life } from '../crash/life.ts'
import { createLoad, type Load, press, repeat } from '../crash/load.ts'
import { connect, provider } from '../crash/provider.ts'
import { freshDatabase } from '../database.ts'
import { startProxy, type Proxy as Way } from '../end-to-end/proxy.ts'
import { scratch } from '../scratch.ts'
import { grantsOf, holderOf, lateAnswers, namedUrl, noteLeases } from './leases.ts'
import { type Node, type Pair, startPair } from './pair.ts'
import type { Fault, Plan } from './plan.ts'
import { type Reader, readerFaults, startReader } from './reader.ts'
import { type Server, startServer } from './server.ts'
import { fullestSecond, lateWrites, rateFaults, writesOf } from './writes.ts'

export type Result = Found & {
  /** How often another node got the lease. */
  takeovers: number
  /** Acceptances that were told by the answer after another node had taken over, or policy was waited for. */
  late: number
  /** The longest time in which no ask was answered, and in which the provider got nothing. */
  silenceMs: number
  unsentMs: number
  /** Requests in the fullest second, and how many are allowed. */
  fullest: number
  perSecond: number
}

/** For leases to end, what is uncertain to be resolved, and what waited to go out at the channel's rate. */
const SETTLE_MS = 60_000
/** A step that does not come in this time, since the node does not send, is not waited for. */
const STEP_MS = 4000
/** Each of a few clients at once: some wait for a node that is frozen, and the others go on. */
const PRESSES = 3
/** For a node that was away to hear of everything. */
const HEAR_MS = 15_000

/**
 * Two nodes on one database, in front of one provider, while things go wrong. Providers and clients ask both by turns
 * and come again with what was not answered. Returns what was promised and not kept; nothing, if all is well.
 */
export async function runPlan(plan: Plan): Promise<Result> {
  // On the disk: a commit that takes its time is one that a fault can hit.
  await using folder = await scratch(tmpdir())
  await using server = plan.faults.some(({ kind }) => kind === 'restart') ? await startServer() : undefined
  await using database = await freshDatabase(server?.url)
  await using lines = await startLines(database.url, plan)
  await using sim = await provider(behaviourOf(plan), plan.seed)
  await using pair = await startPair(folder.path, lines.urls)
  await noteLeases(database.url)
  await using one = startReader(() => pair.nodes[0]?.life?.url)
  await using other = startReader(() => pair.nodes[1]?.life?.url)
  const { life } = pair
  const load = createLoad()
  const channel = await connected(pair, sim, plan)
  await pressed(load, life, channel, seededRandom(plan.seed), async () => {
    for (const fault of plan.faults) await befall(fault, pair, { url: database.url, server, lines })
  })
  const unsentMs = longestGapMs(sim)
  load.faults.push(...(await lost(load, life)))
  await repeat(load, life, channel)
  const found = await judge(load, life, sim, SETTLE_MS)
  found.faults.push(...(await heardFaults(life, [one, other])))
  return {
    ...found,
    ...(await sendingFaults(plan, pair, database.url, found)),
    silenceMs: pair.silenceMs(),
    unsentMs,
  }
}

/** Receipts come twice, out of order, early, and again until they are taken; some answers are lost on the way. */
function behaviourOf({ receiptMs }: Plan) {
  const untidy = { duplicates: 0.3, reorders: 0.3, early: 0.1, dropAnswers: 0.02 }
  const times = { sentMs: receiptMs, receivedMs: receiptMs, readMs: receiptMs, answerMs: [20, 200] } as const
  return { ...untidy, ...times, readShare: 1, redeliverMs: 50, webhookMs: 4000 }
}

type Lines = AsyncDisposable & { urls: string[]; proxies: Way[] }

/** Each node's way to the database: through a proxy where that is what goes wrong. */
async function startLines(url: string, { faults }: Plan): Promise<Lines> {
  const isDirect = !faults.some(({ kind }) => kind === 'stall' || kind === 'cut')
  const { hostname, port } = new URL(url)
  const proxies = isDirect
    ? []
    : await Promise.all([0, 1].map(() => startProxy(hostname, Number(port || 5432))))
  const urls = [0, 1].map(index => {
    const named = new URL(namedUrl(url, `node-${index}`))
    const proxy = proxies[index]
    if (proxy !== undefined) named.host = `127.0.0.1:${proxy.port}`
    return named.href
  })
  return {
    urls,
    proxies,
    [Symbol.asyncDispose]: async () => {
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    },
  }
}

/** Makes the channel, and waits until every node knows it: a webhook that nobody expects is told to be nobody's. */
async function connected({ nodes, life }: Pair, sim: WhatsAppSim, plan: Plan): Promise<string> {
  const [first, ...others] = nodes.flatMap(node => node.life ?? [])
  if (first === undefined) throw new Error('no node is up')
  const sending = { afterMs: plan.uncertainMs, perSecond: plan.perSecond }
  const channel = await connect(first, sim, sending)
  for (const other of others) {
    for (let isKnown = false; !isKnown; await sleep(20))
      isKnown = await sim.subscribe(`${other.url}/in/whatsapp`).then(
        () => true,
        () => false,
      )
  }
  await sim.subscribe(`${life.url}/in/whatsapp`)
  return channel
}

/** Traffic both ways until the faults are over, and a moment more. */
async function pressed(
  load: Load,
  life: Life,
  channel: string,
  random: Random,
  faults: () => Promise<void>,
): Promise<void> {
  let isOver = false
  const going = faults().finally(() => {
    isOver = true
  })
  const client = async (): Promise<void> => {
    while (!isOver) await press(load, life, channel, random)
  }
  await Promise.all([going, ...Array.from({ length: PRESSES }, client)])
}

type World = { url: string; server: Server | undefined; lines: Lines }

async function befall(fault: Fault, pair: Pair, { url, server, lines }: World): Promise<void> {
  await sleep(fault.afterMs)
  if (fault.kind === 'restart') {
    await server?.restart(fault.mode, fault.downMs)
    return
  }
  const holder = await holderOf(url)
  const index = Math.max(
    0,
    pair.nodes.findIndex(({ name }) => name === holder),
  )
  const hit = fault.whom === 'holder' ? index : 1 - index
  const node = pair.nodes[hit]
  const proxy = lines.proxies[hit]
  if (node?.life === undefined) throw new Error('a node is down that nobody killed')
  if (fault.kind === 'kill') await killed(node, node.life, fault)
  else if (fault.kind === 'freeze') await frozen(node.life, fault.forMs)
  else if (fault.kind === 'cut') proxy?.cut()
  else {
    proxy?.hold()
    await sleep(fault.forMs)
    if (fault.end === 'isCut') proxy?.cut()
    proxy?.letGo()
  }
}

async function killed(node: Node, life: Life, fault: Extract<Fault, { kind: 'kill' }>): Promise<void> {
  if (fault.at !== null) {
    life.tell(fault.at)
    await Promise.race([life.ended, sleep(STEP_MS)])
  }
  life.kill()
  await life.ended
  await sleep(fault.downMs)
  await node.start()
}

async function frozen({ pid }: Life, forMs: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  try {
    await sleep(forMs)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

/** What either node told live, compared with the log. */
async function heardFaults(life: Life, readers: readonly Reader[]): Promise<string[]> {
  const log = await wholeLog(life)
  const end = performance.now() + HEAR_MS
  while (readers.some(({ given }) => given.length < log.length) && performance.now() < end) await sleep(50)
  return readers.flatMap((reader, index) => readerFaults(`node-${index}`, reader, log))
}

async function sendingFaults(plan: Plan, { nodes }: Pair, url: string, { faults }: Found) {
  const grants = await grantsOf(url)
  const written = nodes.map(({ dataDir }) => writesOf(dataDir))
  for (const [index, { name }] of nodes.entries())
    faults.push(...lateWrites(name, written[index] ?? [], grants))
  const { perSecond } = plan
  const fullest = fullestSecond(written.flat())
  faults.push(...rateFaults(fullest, perSecond))
  const holders = grants.map(({ node }) => node)
  const takeovers = holders.filter((node, index) => index > 0 && node !== holders[index - 1]).length
  return { takeovers, fullest: fullest.count, perSecond, late: await lateAnswers(url) }
}

function longestGapMs({ sent }: WhatsAppSim): number {
  const times = sent.map(({ at }) => at)
  return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)))
}
