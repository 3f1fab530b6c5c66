import { parse } from 'csv-parse/sync'
import { decoded, type Encoding } from './decode.ts'
import { createFramer, type Frame } from './frames.ts'

/** How a file is written, as `detect.ts` finds it or somebody says. */
export type Format = { encoding: Encoding; separator: string; newline: '\n' | '\r' }

/** `raw`: the record as it stands in the file. A faulty one has no cells. */
export type CsvRecord = {
  /** Of its first line, from 1. */
  line: number
  cells: string[]
  raw: string
  fault?: Frame['fault'] | 'malformed'
}

/**
 * Records of one batch, and characters after which one with fewer is passed on: a batch is a commit, for which live
 * ones wait some 15 ms. Twice as many are a tenth faster, and twice as long in the way.
 */
const BATCH_RECORDS = 250
const BATCH_CHARACTERS = 128 * 1024

/** The records of a file, in batches. Lines with nothing on them are none. */
export async function* readRecords(
  bytes: AsyncIterable<Uint8Array>,
  format: Format,
): AsyncGenerator<CsvRecord[]> {
  const framer = createFramer(format)
  let frames: Frame[] = []
  let size = 0
  for await (const text of decoded(bytes, format.encoding)) {
    for (const frame of framer.push(text)) {
      if (!isRecord(frame)) continue
      frames.push(frame)
      size += frame.text.length
      if (frames.length < BATCH_RECORDS && size < BATCH_CHARACTERS) continue
      yield recordsOf(frames, format.separator)
      frames = []
      size = 0
    }
  }
  frames.push(...framer.end().filter(isRecord))
  while (frames.length > 0) yield recordsOf(frames.splice(0, BATCH_RECORDS), format.separator)
}

/** Neither an empty line nor Excel's own way to tell a separator, a first line `sep=;`. */
export function isRecord({ line, text, fault }: Frame): boolean {
  return fault !== undefined || (text.trim() !== '' && !(line === 1 && SEPARATOR_LINE.test(text)))
}

export const SEPARATOR_LINE = /^sep=(.)$/i

/** The cells of framed records, each by itself whatever the others are. */
export function recordsOf(frames: readonly Frame[], separator: string): CsvRecord[] {
  const sound = frames.filter(({ fault }) => fault === undefined)
  const together = cellsOf(sound.map(({ text }) => text).join('\n'), separator)
  const rows = together?.length === sound.length ? together.values() : undefined
  return frames.map(({ line, text: raw, fault }) => {
    if (fault !== undefined) return { line, cells: [], raw, fault }
    const cells = rows === undefined ? alone(raw, separator) : rows.next().value
    return cells === undefined ? { line, cells: [], raw, fault: 'malformed' } : { line, cells, raw }
  })
}

function alone(text: string, separator: string): string[] | undefined {
  const rows = cellsOf(text, separator)
  return rows?.length === 1 ? rows[0] : undefined
}

function cellsOf(text: string, separator: string): string[][] | undefined {
  try {
    return parse(text, {
      delimiter: separator,
      record_delimiter: '\n',
      relax_column_count: true,
      relax_quotes: true,
    })
  } catch {
    return undefined
  }
}
