/**
 * Cuts text into the records of a CSV, without looking into them. A record is a line, or several where a quoted cell
 * goes over line ends. Total: a quote that never closes, or a line that never ends, costs that line and no other.
 *
 * csv-parse could do this by itself, but gives up all that follows a record that is too large, and knows neither where
 * it began nor its raw text, which the report of rejected rows needs.
 */
export type Frame = { line: number; text: string; fault?: 'tooLong' | 'openQuote' }

export type Framer = {
  push(text: string): Frame[]
  end(): Frame[]
}

/** Of a record, in characters. */
const RECORD_MAX = 1024 * 1024
/** Lines of one record: more is a quote that somebody forgot to close. */
export const RECORD_LINES_MAX = 200
/** How much of a record that is too long is shown. */
const SHOWN_MAX = 1_000

type Line = { line: number; text: string }

export function createFramer(format: { separator: string; newline: '\n' | '\r' }): Framer {
  const { separator, newline } = format
  let rest = ''
  let line = 0
  /** In the middle of a line that is too long: the beginning of it. */
  let cut: string | undefined
  let held: Line[] = []
  let isOpen = false
  let size = 0

  const take = (next: Line, frames: Frame[]): void => {
    if (held.length === 0 && !next.text.includes('"')) {
      frames.push(frameOf(next))
      return
    }
    held.push(next)
    size += next.text.length + 1
    isOpen = isOpenAfter(next.text, separator, isOpen)
    if (!isOpen) frames.push(release())
    else if (held.length >= RECORD_LINES_MAX || size > RECORD_MAX) forsake(frames)
  }
  const release = (): Frame => {
    const [first] = held as [Line]
    const text = held.length === 1 ? first.text : held.map(one => one.text).join(newline)
    held = []
    size = 0
    isOpen = false
    return frameOf({ line: first.line, text })
  }
  /** The quote was none: its line is of no use, those after it are read as if it had not been there. */
  const forsake = (frames: Frame[]): void => {
    const [first, ...others] = held as [Line, ...Line[]]
    held = []
    size = 0
    isOpen = false
    frames.push({ line: first.line, text: first.text.slice(0, SHOWN_MAX), fault: 'openQuote' })
    for (const other of others) take(other, frames)
  }
  const takeLine = (text: string, frames: Frame[]): void => {
    line += 1
    if (cut !== undefined || text.length > RECORD_MAX) {
      frames.push({ line, text: (cut ?? text).slice(0, SHOWN_MAX), fault: 'tooLong' })
      cut = undefined
    } else take({ line, text }, frames)
  }
  return {
    push: piece => {
      const frames: Frame[] = []
      const text = rest + piece
      let from = 0
      for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, from)) {
        takeLine(text.slice(from, end), frames)
        from = end + 1
      }
      rest = text.slice(from)
      if (rest.length > RECORD_MAX) {
        cut ??= rest.slice(0, SHOWN_MAX)
        rest = ''
      }
      return frames
    },
    end: () => {
      const frames: Frame[] = []
      if (rest !== '' || cut !== undefined) takeLine(rest, frames)
      rest = ''
      while (held.length > 0) forsake(frames)
      return frames
    },
  }
}

/** Without what is left of a line end in two characters; within a quoted cell it stays as it is. */
function frameOf({ line, text }: Line): Frame {
  return { line, text: text.endsWith('\r') ? text.slice(0, -1) : text }
}

/**
 * Whether a quoted cell is still open at the end of a line. A quote opens at the beginning of a cell alone, so that
 * inches and nicknames do not; and one that closes before something else than a separator was none, as csv-parse with
 * `relax_quotes` sees it too.
 */
function isOpenAfter(text: string, separator: string, isOpen: boolean): boolean {
  let at = 0
  let open = isOpen
  for (;;) {
    if (!open) {
      if (text[at] === '"') {
        open = true
        at += 1
      } else {
        const next = text.indexOf(separator, at)
        if (next < 0) return false
        at = next + 1
      }
      continue
    }
    const quote = text.indexOf('"', at)
    if (quote < 0) return true
    if (text[quote + 1] === '"') at = quote + 2
    else {
      const next = text.indexOf(separator, quote + 1)
      if (next < 0) return false
      at = next + 1
      open = false
    }
  }
}
