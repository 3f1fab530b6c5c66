import type { Simulator } from '../../connectors/kit/sim/simulation.ts'
import { startPeople } from './people.ts'
import { untilSignal } from './signals.ts'
import { simulated } from './simulators.ts'
import { type Call, type ExitCode, hintOf, numberOf, UsageError } from './usage.ts'

const DAEMON = 'http://127.0.0.1:8080'
const PACE_MS = 3000
const FIRST_PORT = 9100

/** `omnibus simulate whatsapp`, or `all` with people who write: providers, faked, until it is told to stop. */
export async function simulate(call: Call): Promise<ExitCode> {
  const [provider = ''] = call.words
  const isAll = provider === 'all'
  const all = await simulated()
  const chosen = isAll ? all : all.filter(({ connector }) => connector === provider)
  if (chosen.length === 0) {
    const known = [...all.map(({ connector }) => connector), 'all']
    throw new UsageError(
      `there is no simulated ${provider}${hintOf(provider, known) || `; try ${known.join(', ')}`}`,
    )
  }
  const first = numberOf(call, '--port') ?? FIRST_PORT
  if (first + chosen.length > 65_536) throw new UsageError('--port must be below 65536')
  const running: Simulator[] = []
  for (const [at, { connector, title, simulation }] of chosen.entries()) {
    const webhookUrl = webhookOf(call, connector)
    const simulator = await simulation.start({ port: first === 0 ? 0 : first + at, webhookUrl })
    running.push(simulator)
    const hints = simulation.hints(simulator.url)
    console.log(`A simulated ${title} at ${simulator.url}, webhooks to ${webhookUrl}\n\n${hints}`)
  }
  const people = isAll ? startPeople(running, PACE_MS) : undefined
  await untilSignal().first
  people?.stop()
  await Promise.all(running.map(simulator => simulator.stop()))
  return 0
}

/** @throws UsageError */
function webhookOf({ own, words }: Call, connector: string): string {
  const { '--webhook': given, '--daemon': daemon = DAEMON } = own
  if (given !== undefined && words[0] === 'all')
    throw new UsageError('with all, give --daemon instead of --webhook')
  const url = given ?? `${daemon.replace(/\/+$/, '')}/in/${connector}`
  if (!URL.canParse(url))
    throw new UsageError(`${given === undefined ? '--daemon' : '--webhook'} must be a URL`)
  return url
}
