import { isUtf8 } from 'node:buffer'

export const ENCODINGS = ['utf-8', 'windows-1252', 'utf-16le', 'utf-16be'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** A line is cut here if it does not end: far behind what a record may have. */
const LINE_BYTES_MAX = 4 * 1024 * 1024
const NEWLINE = 10

/**
 * The text of a file, in pieces. A line of a UTF-8 file that is no UTF-8 was pasted in from a Latin-1 file, and is read
 * as that: both spell line ends alike, so each line can be judged by itself.
 */
export async function* decoded(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<string> {
  const texts = encoding === 'utf-8' ? linesOfUtf8(bytes) : streamed(bytes, encoding)
  let isFirst = true
  for await (const text of texts) {
    yield isFirst && text.startsWith('\uFEFF') ? text.slice(1) : text
    isFirst = false
  }
}

async function* streamed(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true })
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

async function* linesOfUtf8(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0 && length + chunk.length <= LINE_BYTES_MAX) {
      rest.push(chunk)
      length += chunk.length
      continue
    }
    yield textOf(Buffer.concat([...rest, end === 0 ? chunk : chunk.subarray(0, end)]))
    rest = end === 0 ? [] : [chunk.subarray(end)]
    length = end === 0 ? 0 : chunk.length - end
  }
  yield textOf(Buffer.concat(rest))
}

function textOf(lines: Buffer): string {
  if (isUtf8(lines)) return lines.toString('utf8')
  const texts: string[] = []
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(NEWLINE, from) + 1 || lines.length
    const line = lines.subarray(from, end)
    texts.push(isUtf8(line) ? line.toString('utf8') : LATIN.decode(line))
    from = end
  }
  return texts.join('')
}

const LATIN = new TextDecoder('windows-1252')
