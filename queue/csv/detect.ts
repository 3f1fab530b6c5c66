import { isUtf8 } from 'node:buffer'
import type { Encoding } from './decode.ts'
import { createFramer } from './frames.ts'
import { type CsvRecord, type Format, isRecord, recordsOf, SEPARATOR_LINE } from './records.ts'

/** What a file's first bytes tell about how it is written, and its first records read so. */
export type Detected = Format & { records: CsvRecord[] }

/** How much of a file is looked at, in bytes. */
export const HEAD_BYTES = 256 * 1024
/** Records by which separators are compared. */
const RECORDS_MAX = 50

const SEPARATORS = [',', ';', '\t', '|'] as const

/**
 * Reads the head of a file. What is told is taken as told; an encoding is not believed against a byte order mark.
 *
 * @param isWhole whether there is nothing after the head
 */
export function detect(
  head: Buffer,
  told: { encoding?: Encoding | undefined; separator?: string | undefined } = {},
  isWhole = false,
): Detected {
  const encoding = markOf(head) ?? told.encoding ?? encodingOf(head)
  const text = new TextDecoder(encoding).decode(head)
  const newline = text.includes('\r') && !text.includes('\n') ? '\r' : '\n'
  // What is behind the last line end may be half a record.
  const end = text.lastIndexOf(newline)
  const lines = isWhole || end < 0 ? text : text.slice(0, end + 1)
  const read = (separator: string): CsvRecord[] => recordsIn(lines, { encoding, separator, newline })
  const separator = told.separator ?? hintOf(lines) ?? bestOf(read)
  return { encoding, separator, newline, records: read(separator) }
}

function hintOf(text: string): string | undefined {
  return SEPARATOR_LINE.exec(text.slice(0, 7).split(/\r|\n/, 1)[0] ?? '')?.[1]
}

function markOf(head: Buffer): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 'utf-8' : undefined
}

/** Text in UTF-16 is half zeros in our languages; what is mostly UTF-8 is UTF-8, line by line. */
function encodingOf(head: Buffer): Encoding {
  const some = head.subarray(0, 1024)
  const zeros = (odd: number): number => some.filter((byte, at) => byte === 0 && at % 2 === odd).length
  if (zeros(1) > some.length / 4) return 'utf-16le'
  if (zeros(0) > some.length / 4) return 'utf-16be'
  const lines = head.toString('latin1').split('\n').slice(0, -1)
  const foreign = lines.map(line => Buffer.from(line, 'latin1')).filter(line => line.some(byte => byte > 127))
  const utf8 = foreign.filter(line => isUtf8(line)).length
  if (foreign.length === 0) return isUtf8(head) || lines.length > 0 ? 'utf-8' : 'windows-1252'
  return utf8 * 2 >= foreign.length ? 'utf-8' : 'windows-1252'
}

function recordsIn(text: string, format: Format): CsvRecord[] {
  const framer = createFramer(format)
  const frames = [...framer.push(text.replace(/^\uFEFF/, '')), ...framer.end()]
  return recordsOf(frames.filter(isRecord).slice(0, RECORDS_MAX), format.separator)
}

/** The one that cuts the first record into most cells, as long as the others agree with it; a comma if none does. */
function bestOf(read: (separator: string) => CsvRecord[]): string {
  let best = { separator: ',', cells: 1 }
  for (const separator of SEPARATORS) {
    const [first, ...others] = read(separator)
    const cells = first?.cells.length ?? 0
    const agreeing = others.filter(record => record.cells.length === cells).length
    if (cells > best.cells && agreeing * 2 >= others.length) best = { separator, cells }
  }
  return best.separator
}
