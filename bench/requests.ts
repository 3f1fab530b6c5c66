import { createHmac } from 'node:crypto'

/** Requests of one length, one after the other, ready to be written: signing is not part of what is measured. */
export type Requests = { bytes: Buffer; length: number; count: number }

/** What requests are made of. `first` numbers them: no two of one benchmark have the same number. */
export type RequestPlan = { host: string; path: string; first: number; count: number; template: Template }

/** One request with marks in it: `NUMBER` becomes the number of each, `PERSON` who writes or is written to. */
export type Template = { headers: readonly string[]; body: string; signature?: Signature }

/** A header that ends with an HMAC. `over` is a text with marks, where it is not the body that is signed. */
export type Signature = {
  header: string
  algorithm: 'sha1' | 'sha256'
  encoding: 'hex' | 'base64'
  secret: string
  over?: string
}

/** How many people write and are written to. */
export const CONTACTS = 10_000

const DIGITS = 12
/** The marks are as long as what takes their place, and stand in JSON, in a form and in a URL as they are. */
export const NUMBER = '_'.repeat(DIGITS)
export const PERSON = '*'.repeat(8)

/** What stands before the number in an outbound message. */
export const TEXT = 'bench number '

export function makeRequests({ host, path, first, count, template }: RequestPlan): Requests {
  const { headers, body, signature } = template
  const signed = signature && signerOf(signature)
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${host}`,
    ...headers,
    ...(signature && signed ? [signature.header + signed.mark] : []),
    `content-length: ${Buffer.byteLength(body)}`,
  ].join('\r\n')
  const request = markedText(`${head}\r\n\r\n${body}`)
  const { length } = request
  const signatureAt = head.indexOf(signed?.mark ?? '')
  const bytes = Buffer.allocUnsafe(length * count)
  for (let index = 0; index < count; index++) {
    const from = index * length
    request.write(bytes, from, first + index)
    if (signed === undefined) continue
    const told = bytes.subarray(from + Buffer.byteLength(head) + 4, from + length)
    bytes.write(signed.sign(first + index, told), from + signatureAt, 'latin1')
  }
  return { bytes, length, count }
}

function signerOf({ algorithm, encoding, secret, over }: Signature) {
  const hmac = (bytes: Buffer): string => createHmac(algorithm, secret).update(bytes).digest(encoding)
  const other = over === undefined ? undefined : markedText(over)
  const bytes = Buffer.allocUnsafe(other?.length ?? 0)
  return {
    mark: '~'.repeat(hmac(bytes).length),
    sign: (number: number, body: Buffer): string => {
      other?.write(bytes, 0, number)
      return hmac(other === undefined ? body : bytes)
    },
  }
}

/** A text that can be written again and again, with another number in the place of its marks. */
function markedText(text: string) {
  const template = Buffer.from(text)
  const numberAt = positionsOf(template, NUMBER)
  const personAt = positionsOf(template, PERSON)
  return {
    length: template.length,
    write: (bytes: Buffer, from: number, number: number): void => {
      template.copy(bytes, from)
      for (const at of numberAt) bytes.write(String(number).padStart(DIGITS, '0'), from + at, 'latin1')
      for (const at of personAt) bytes.write(String(10_000_000 + (number % CONTACTS)), from + at, 'latin1')
    },
  }
}

function positionsOf(template: Buffer, mark: string): number[] {
  const found: number[] = []
  for (let at = template.indexOf(mark); at >= 0; at = template.indexOf(mark, at + 1)) found.push(at)
  return found
}

/** A message that the API is asked to send. */
export function messageOf({ channel, token }: { channel: string; token: string }): Template {
  const content = { type: 'text', text: `${TEXT}${NUMBER}` }
  return {
    headers: ['content-type: application/json', `authorization: Bearer ${token}`],
    body: JSON.stringify({ channel, to: `+521${PERSON}`, content }),
  }
}
