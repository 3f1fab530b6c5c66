import type { Simulator } from '../../connectors/kit/sim/simulation.ts'
import { startPeople } from './people.ts'
import { untilSignal } from './signals.ts'
import { misbehave, type Simulated, simulated } from './simulators.ts'
import { faultsOf, mixOf } from './traffic.ts'
import { type Call, type ExitCode, hintOf, numberOf, UsageError } from './usage.ts'

const DAEMON = 'http://127.0.0.1:8080'
const PACE_S = 3
const FIRST_PORT = 9100

/** `omnibus simulate`: all providers, faked, with people who write; or one of them. Until it is told to stop. */
export async function simulate(call: Call): Promise<ExitCode> {
  const [mix, faults] = [mixOf(call), faultsOf(call)]
  const chosen = await chosenBy(call)
  const pace = numberOf(call, '--pace') ?? (isAll(call) ? PACE_S : 0)
  const running: Simulator[] = []
  const signals = untilSignal()
  try {
    for (const [at, one] of chosen.entries()) {
      const webhookUrl = webhookOf(call, one.connector)
      const simulator = await one.simulation.start({ ...portOf(call, at), ...seedOf(call), webhookUrl })
      running.push(simulator)
      misbehave(simulator, one.title, faults)
      const hints = one.simulation.hints(simulator.url)
      console.log(`A simulated ${one.title} at ${simulator.url}, webhooks to ${webhookUrl}\n\n${hints}\n`)
    }
    const people = pace > 0 ? startPeople(running, pace * 1000, mix) : undefined
    await signals.first
    people?.stop()
    return 0
  } finally {
    await Promise.all(running.map(simulator => simulator.stop()))
  }
}

function isAll({ words }: Call): boolean {
  return (words[0] ?? 'all') === 'all'
}

/** @throws UsageError */
async function chosenBy(call: Call): Promise<Simulated[]> {
  const all = await simulated()
  if (isAll(call)) return all
  const [provider = ''] = call.words
  const chosen = all.filter(({ connector }) => connector === provider)
  if (chosen.length > 0) return chosen
  const known = [...all.map(({ connector }) => connector), 'all']
  const hint = hintOf(provider, known) || `; try ${known.join(', ')}`
  throw new UsageError(`there is no simulated ${provider}${hint}`)
}

/** @throws UsageError */
function portOf(call: Call, at: number): { port: number } {
  const first = numberOf(call, '--port') ?? FIRST_PORT
  if (first + at > 65_535) throw new UsageError('--port must be below 65536')
  return { port: first === 0 ? 0 : first + at }
}

function seedOf(call: Call): { seed?: number } {
  const seed = numberOf(call, '--seed')
  return seed === undefined ? {} : { seed }
}

/** @throws UsageError */
function webhookOf(call: Call, connector: string): string {
  const { '--webhook': given, '--daemon': daemon = DAEMON } = call.own
  if (given !== undefined && isAll(call)) {
    throw new UsageError('with all, give --daemon instead of --webhook')
  }
  const url = given ?? `${daemon.replace(/\/+$/, '')}/in/${connector}`
  if (!URL.canParse(url))
    throw new UsageError(`${given === undefined ? '--daemon' : '--webhook'} must be a URL`)
  return url
}
