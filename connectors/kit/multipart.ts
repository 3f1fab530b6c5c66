import { Readable } from 'node:stream'

export type Multipart = {
  fields: Record<string, string>
  file: {
    field: string
    name: string
    mimeType: string
    /** In bytes, as stored; what `content` yields must agree. */
    size: number
    content: Readable
  }
  /** Parts the body from its content; must occur in neither. Derived from the file's hash by callers. */
  boundary: string
}

/**
 * A `multipart/form-data` body (RFC 7578) that is streamed and yet has a length: Node's FormData would hold the whole
 * file in memory, and a chunked body is refused by some providers' upload servers.
 */
export function multipart({ fields, file, boundary }: Multipart): {
  headers: Record<string, string>
  body: Readable
} {
  const disposition = (name: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"`
  let head = ''
  for (const [name, value] of Object.entries(fields)) head += `${disposition(name)}\r\n\r\n${value}\r\n`
  head += `${disposition(file.field)}; filename="${quoted(file.name)}"\r\n`
  head += `content-type: ${file.mimeType.replace(/[\r\n]/g, '')}\r\n\r\n`
  const tail = `\r\n--${boundary}--\r\n`
  const body = Readable.from(joined(head, file.content, tail), { objectMode: false })
  // A generator that nobody has asked yet ends without a word; what it would have read must not stay open.
  body.once('close', () => file.content.destroy())
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(Buffer.byteLength(head) + file.size + Buffer.byteLength(tail)),
    },
    body,
  }
}

async function* joined(head: string, content: Readable, tail: string): AsyncGenerator<Buffer> {
  yield Buffer.from(head)
  for await (const chunk of content) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
  yield Buffer.from(tail)
}

/** The escapes that browsers use for names in quotes (HTML, "multipart/form-data encoding algorithm"). */
function quoted(text: string): string {
  return text.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22')
}
