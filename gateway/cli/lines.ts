import { environment } from '../config.ts'

/**
 * A text for a terminal. What people wrote may hold control characters, and a terminal obeys them: it would move the
 * cursor, change its title or answer as if somebody had typed.
 */
export function plain(text: string): string {
  return text.replace(CONTROL, ' ')
}
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu

export function shortened(text: string, max: number): string {
  const letters = [...text]
  return letters.length <= max ? text : `${letters.slice(0, max - 1).join('')}…`
}

/** Rows under their headers, in columns as wide as they need. */
export function inColumns(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headers, ...rows.map(row => row.map(plain))]
  const widths = headers.map((_, at) => Math.max(...all.map(row => row[at]?.length ?? 0)))
  return all
    .map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Colours, where somebody sees them (https://no-color.org). */
export function paint(): (colour: keyof typeof COLOURS, text: string) => string {
  const isSeen = process.stdout.isTTY === true && !environment()['NO_COLOR']
  return (colour, text) => (isSeen ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text)
}
const COLOURS = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
