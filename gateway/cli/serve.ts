import { pino } from 'pino'
import { giveBackMemory } from '../../store/sqlite/memory.ts'
import { type Config, loadConfig } from '../config.ts'
import { createDaemon } from '../gateway.ts'
import { createLog } from '../log.ts'
import { StartRefused } from '../setup.ts'
import { untilSignal } from './signals.ts'
import { whatToTry } from './try.ts'
import type { Call, ExitCode } from './usage.ts'

/** How long a stop may take before the process ends anyway. */
const STOP_MS = 10_000

/** `omnibus serve`: runs until SIGTERM or SIGINT; a second one ends it at once. */
export async function serve({ configured }: Call): Promise<ExitCode> {
  const { config } = loadConfig({ flags: configured })
  const signals = untilSignal()
  // Lines for programs on stderr, words for people on stdout.
  const log = createLog(config.logLevel, pino.destination({ fd: 2, sync: true }))
  const daemon = await createDaemon(config, { log }).catch((error: unknown) => {
    throw refusal(error, config)
  })
  console.log(whatToTry(config, daemon))
  giveBackMemory()
  const signal = await signals.first
  log.info({ signal }, 'stopping')
  const late = new Promise<'late'>(resolve => setTimeout(resolve, STOP_MS, 'late').unref())
  const hurried = signals.second.then(() => 'hurried' as const)
  const ended = await Promise.race([daemon.stop().then(() => 'stopped' as const), late, hurried])
  if (ended === 'stopped') return 0
  log.error({ hung: daemon.stoppingAt() }, ended === 'late' ? 'stopping took too long' : 'stopped at once')
  process.exit(1)
}

/** Says in the operator's words what the system said in its own. */
export function refusal(error: unknown, { listen, dataDir }: Config): Error {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (error instanceof StartRefused) return error
  if (code === 'EADDRINUSE') {
    return new StartRefused(`port ${listen.port} of ${listen.host} is in use; choose another with --port`)
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new StartRefused(`${listen.host} is no address of this machine`)
  }
  if (code === 'EACCES' && syscall === 'listen') {
    return new StartRefused(`port ${listen.port} may not be opened by this user`)
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST') {
    return new StartRefused(`the data directory ${dataDir} cannot be used: ${message}`)
  }
  return error instanceof Error ? error : new Error(String(error))
}
