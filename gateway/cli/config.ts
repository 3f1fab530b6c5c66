import { connectorOf } from '../../connectors/registry.ts'
import { ConfigError, type Loaded, loadConfig } from '../config.ts'
import { REDACTED, redact } from '../secrets.ts'
import type { Call, ExitCode } from './usage.ts'

/** `omnibus config print`: what would be used, secrets hidden, and where each value came from. */
export function printConfig({ configured, json }: Call): ExitCode {
  const loaded = loadConfig({ flags: configured })
  console.log(json ? JSON.stringify(hidden(loaded), null, 2) : describeConfig(loaded))
  return 0
}

/** `omnibus config check`: every fault on a line of its own. */
export function checkConfig({ configured }: Call): ExitCode {
  try {
    loadConfig({ flags: configured })
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

function hidden(loaded: Loaded): { key: string; value: unknown; from: string }[] {
  const rows = loaded.settings.map(({ key, value, from }) => {
    // A default is no secret, and showing that none is set says what `***` would hide.
    const shown = key.secret && from !== 'default' ? REDACTED : value
    return { key: key.key, value: shown, from }
  })
  const channels = loaded.config.channels.map(channel => ({
    ...channel,
    config: redact(connectorOf(channel.connector)?.config, channel.config),
  }))
  return [...rows, { key: 'channels', value: channels, from: loaded.channelsFrom ?? 'default' }]
}
