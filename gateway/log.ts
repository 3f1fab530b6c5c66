import { type DestinationStream, pino } from 'pino'
import type { Log } from '../model/log.ts'
import type { LOG_LEVELS } from './keys.ts'
import { REDACTED } from './secrets.ts'

export type Level = (typeof LOG_LEVELS)[number]

/**
 * The operator's log: one JSON object a line. Whatever is handed in, no secret, token, `Authorization` header or
 * phone number reaches a line, not inside a string either.
 */
export function createLog(level: Level, destination: DestinationStream): Log {
  const lines = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const write =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      if (lines.isLevelEnabled(name)) lines[name](scrub(fields, 0), scrubText(message))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

const DEPTH_MAX = 6
const ITEMS_MAX = 50
const TEXT_MAX = 4_000
const SECRET_NAME = /secret|token|password|passwd|authorization|cookie|api[-_]?key|access[-_]?key|signature/i
const PHONE = '[phone]'

/** A copy without secrets and phone numbers, bounded in depth and length. */
function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEPTH_MAX) return '…'
  if (value instanceof Error) return scrubError(value, depth)
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map(item => scrub(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, ITEMS_MAX)
      .map(([name, inner]) => [name, SECRET_NAME.test(name) ? REDACTED : scrub(inner, depth + 1)]),
  )
}

/**
 * Order matters: what a word announces as secret goes first, then anything that looks random and long, then numbers.
 * Our own ids are 30 characters and stay; provider ids go, since a wamid holds the recipient's number in base64.
 */
const HIDDEN: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, `$1 ${REDACTED}`],
  [/(\/\/[^/\s:@]+):[^/\s@]+@/g, `$1:${REDACTED}@`],
  [
    /\b([\w.-]*(?:secret|token|password|signature|api_?key)["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b[A-Za-z0-9+_-]{32,}={0,2}/g, REDACTED],
  [/\bwamid\.[A-Za-z0-9+/=_-]+/g, `wamid.${REDACTED}`],
  [/\+\d(?:[\s().-]{0,2}\d){7,14}/g, PHONE],
  [/(?<![\w.])\d{8,15}(?!\w)/g, PHONE],
]

export function scrubText(text: string): string {
  let clean = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
  for (const [pattern, instead] of HIDDEN) clean = clean.replace(pattern, instead)
  return clean
}

function scrubError(error: Error, depth: number): object {
  return {
    type: error.name,
    message: scrubText(error.message),
    stack: scrubText(error.stack ?? ''),
    ...('code' in error ? { code: scrub(error.code, depth + 1) } : {}),
    ...(error.cause === undefined ? {} : { cause: scrub(error.cause, depth + 1) }),
  }
}
