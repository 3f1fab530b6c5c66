import type { StoreName } from './daemon.ts'
import {
  type Channel,
  checksOf,
  type Side,
  startSide,
  stopSide,
  type Taken,
  takeIn,
  warmUp,
} from './intake.ts'
import type { LoadQuestions } from './load.ts'
import { startPart } from './parts.ts'
import { type Check, equal, median, onStore, type Report, type Row, row } from './report.ts'
import { CONTACTS } from './requests.ts'
import { WEBHOOKS } from './webhooks.ts'

const RATIO_MIN = 0.7
/** In which everyone writes for the first time. */
const MEET_ALL_MAX_MS = 30_000
const WARM_UP_MS = 1000

type Round = Taken & { connector: string }

/**
 * Texts told by each provider in turn, signed as it signs, to one daemon: what a connector takes of what WhatsApp's
 * takes in the same run. Nobody is new in a round: everyone has written by each connector before the first.
 */
export async function connectors(options: {
  rounds: number
  seconds: number
  connections: number
  store: StoreName
}): Promise<Report> {
  const { rounds, seconds, connections, store } = options
  const load = startPart<LoadQuestions>(new URL('./load.ts', import.meta.url))
  const side = await startSide(store, WEBHOOKS)
  for (const channel of side.channels) {
    await warmUp(load, side, channel, { connections, ms: MEET_ALL_MAX_MS, count: CONTACTS })
    await warmUp(load, side, channel, { connections, ms: WARM_UP_MS, count: 20_000 })
  }
  const done: Round[] = []
  for (let index = 0; index < rounds; index++) {
    for (const channel of index % 2 === 0 ? side.channels : side.channels.toReversed()) {
      const taken = await takeIn(load, side, channel, { connections, ms: seconds * 1000 })
      done.push({ connector: channel.connector, ...taken })
    }
  }
  const checks = [...(await checksOf(side)), ...(await checksByConnector(side))]
  await Promise.all([load.stop(), stopSide(side)])
  return {
    bench: onStore(`connectors, ${connections} connections`, store),
    rows: rowsOf(done, side.channels),
    checks,
    rounds: done,
  }
}

/** The first is the ceiling of the others. */
function rowsOf(rounds: readonly Round[], channels: readonly Channel[]): Row[] {
  const of = (connector: string, figure: (round: Round) => number): number[] =>
    rounds.filter(round => round.connector === connector).map(figure)
  const [first] = channels
  const ceiling = median(of(first?.connector ?? '', ({ ours }) => ours.perSecond))
  return channels.map(channel => {
    const { connector } = channel
    const perSecond = median(of(connector, ({ ours }) => ours.perSecond))
    const ratio = perSecond / ceiling
    return row(connector, '/s', perSecond, {
      p50Ms: median(of(connector, ({ ours }) => ours.p50Ms)),
      p99Ms: median(of(connector, ({ ours }) => ours.p99Ms)),
      memoryMb: Math.max(...of(connector, ({ memoryMb }) => memoryMb)),
      ...(channel !== first && { ceiling, ratio, bar: `ratio ≥ ${RATIO_MIN}`, pass: ratio >= RATIO_MIN }),
    })
  })
}

/** A rate of refusals is no rate, and what one connector lost another must not have doubled. */
async function checksByConnector({ daemon, channels }: Side): Promise<Check[]> {
  const checks: Check[] = []
  for (const { connector, sent, accepted } of channels) {
    const labels = `connector="${connector}",kind="message"`
    const items = await daemon.metric('omnibus_intake_items_total', labels)
    checks.push(equal(`${connector}: webhooks answered 200`, sent, accepted))
    checks.push(equal(`${connector}: accepted messages by /metrics`, accepted, items))
  }
  return checks
}
