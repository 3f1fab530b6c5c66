import { systemClock } from '../../model/clock.ts'
import { type Config, ConfigError, environment, loadConfig } from '../config.ts'
import { type Client, clientOf, urlOf } from './client.ts'
import { findClock, findDaemon, findDisk, findPort, findRuntime } from './doctor-machine.ts'
import { findPublicUrl } from './doctor-public.ts'
import { findStore } from './doctor-store.ts'
import { paint, plain } from './lines.ts'
import { type Call, type ExitCode, UsageError } from './usage.ts'

/** One thing that was looked at. `todo`: what to do about it, where that is not plain. */
export type Finding = { check: string; state: 'ok' | 'warn' | 'fail'; says: string; todo?: string }

/** All that the checks stand on. `client` is null where no token is known: what needs the API is left out. */
export type Patient = { config: Config; url: string; running: boolean; client: Client | null }

/**
 * `omnibus doctor`: looks, and changes nothing. A store that a daemon has is read beside it; where it cannot be read
 * from here, the daemon is asked.
 */
export async function doctor(call: Call): Promise<ExitCode> {
  const findings: Finding[] = []
  for await (const finding of look(call)) {
    findings.push(finding)
    if (!call.json) say(finding)
  }
  const failed = findings.filter(({ state }) => state === 'fail').length
  if (call.json) console.log(JSON.stringify({ findings, failed }, null, 2))
  else {
    const warned = findings.filter(({ state }) => state === 'warn').length
    console.log(`\n${failed} failed, ${warned} to look at, ${findings.length - failed - warned} well.`)
  }
  return failed === 0 ? 0 : 1
}

async function* look(call: Call): AsyncGenerator<Finding> {
  yield findRuntime()
  let config: Config
  try {
    config = loadConfig({ flags: call.configured }).config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const fault of error.faults) yield { check: 'configuration', state: 'fail', says: fault }
    return
  }
  const declared = config.channels.length === 0 ? '' : `; it declares ${config.channels.length} channels`
  yield { check: 'configuration', state: 'ok', says: `it is valid${declared}` }
  const url = addressOf(call, config)
  const daemon = await findDaemon(url)
  yield* daemon.findings
  const patient: Patient = {
    config,
    url,
    running: daemon.running,
    client: daemon.running ? client(call) : null,
  }
  if (!daemon.running) yield await findPort(config)
  yield* await findDisk(config)
  yield* await findClock(config, systemClock)
  yield* findStore(patient, systemClock)
  yield* findPublicUrl(patient)
}

function addressOf({ own }: Call, config: Config): string {
  const given = own['--url'] ?? environment()['OMNIBUS_URL']
  if (given !== undefined) return given.replace(/\/+$/, '')
  try {
    return urlOf(config)
  } catch {
    // Any free port: nobody can know which.
    return 'http://127.0.0.1:0'
  }
}

function client(call: Call): Client | null {
  try {
    return clientOf(call)
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}

const MARKS = { ok: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'fail'] } as const

function say({ check, state, says, todo }: Finding): void {
  const [colour, word] = MARKS[state]
  console.log(`${paint()(colour, word)}  ${check.padEnd(13)}  ${plain(says)}`)
  if (todo !== undefined) console.log(`${' '.repeat(21)}${plain(todo)}`)
}
