import { ConfigError, type Loaded, loadConfig } from '../config.ts'
import { REDACTED } from '../secrets.ts'
import type { ExitCode } from './command.ts'

/** `omnibus config print`: what would be used, secrets hidden, and where each value came from. */
export function printConfig({ '--json': json, ...flags }: Record<string, string>): ExitCode {
  const loaded = loadConfig({ flags })
  console.log(json === undefined ? describeConfig(loaded) : JSON.stringify(hidden(loaded), null, 2))
  return 0
}

/** `omnibus config check`: every fault on a line of its own. */
export function checkConfig(flags: Record<string, string>): ExitCode {
  try {
    loadConfig({ flags })
    console.log('The configuration is valid.')
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const fault of error.faults) console.error(`omnibus: ${fault}`)
    return 2
  }
}

/** The configuration as lines of YAML with the origin of each value as a comment. */
export function describeConfig(loaded: Loaded): string {
  const rows = hidden(loaded).map(
    ({ key, value, from }) => [`${key}: ${JSON.stringify(value)}`, from] as const,
  )
  const width = Math.max(...rows.map(([text]) => text.length))
  return rows.map(([text, from]) => `${text.padEnd(width)}  # ${from}`).join('\n')
}

function hidden({ settings }: Loaded): { key: string; value: unknown; from: string }[] {
  return settings.map(({ key, value, from }) => {
    // A default is no secret, and showing that none is set says what `***` would hide.
    const shown = key.secret && from !== 'default' ? REDACTED : value
    return { key: key.key, value: shown, from }
  })
}
