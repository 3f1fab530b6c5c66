import { createHash } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import { refusal, type SimAnswer } from './sim-errors.ts'

export type SimMedia = { bytes: Buffer; mimeType: string; sha256: string; at: number }

export type MediaStore = {
  /** Keeps what a person sent or a business uploaded, and names it. */
  put(bytes: Buffer, mimeType: string): string
  get(id: string): SimMedia | undefined
  /** Reads a multipart upload (PROVIDERS A8). */
  upload(contentType: string, body: Buffer): Promise<SimAnswer>
  /** `{ url, mime_type, sha256, file_size, id }`; the address is absolute and good for 5 minutes. */
  resolve(id: string, origin: string): SimAnswer
  /** The bytes behind such an address. */
  download(id: string, expires: number): SimMedia | undefined
}

const URL_MS = 5 * 60_000
/** All media together; the oldest make room. */
const KEPT_BYTES_MAX = 512 * 1024 * 1024

export function createMedia(clock: Clock): MediaStore {
  const kept = new Map<string, SimMedia>()
  let total = 0
  let last = 100_000_000_000_000
  const put = (bytes: Buffer, mimeType: string): string => {
    const id = String(++last)
    kept.set(id, {
      bytes,
      mimeType,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      at: clock.now(),
    })
    total += bytes.length
    for (const [oldest, media] of kept) {
      if (total <= KEPT_BYTES_MAX || oldest === id) break
      kept.delete(oldest)
      total -= media.bytes.length
    }
    return id
  }
  return {
    put,
    get: id => kept.get(id),
    upload: async (contentType, body) => {
      const form = await readForm(contentType, body)
      if (form?.get('messaging_product') !== 'whatsapp') {
        return refusal(100, 'The parameter messaging_product is required.')
      }
      const file = form.get('file')
      if (!(file instanceof Blob)) return refusal(100, 'The parameter file is required.')
      const type = form.get('type')
      const mimeType = typeof type === 'string' ? type : file.type
      if (!/^[a-z]+\/[\w.+-]+(;.*)?$/i.test(mimeType))
        return refusal(100, 'Param file must be a file with a type')
      return {
        status: 200,
        body: JSON.stringify({ id: put(Buffer.from(await file.arrayBuffer()), mimeType) }),
      }
    },
    resolve: (id, origin) => {
      const media = kept.get(id)
      if (media === undefined) return refusal(100, `Object with ID '${id}' does not exist`)
      const answer = {
        messaging_product: 'whatsapp',
        url: `${origin}/sim-media/${id}?expires=${clock.now() + URL_MS}`,
        mime_type: media.mimeType,
        sha256: media.sha256,
        file_size: media.bytes.length,
        id,
      }
      return { status: 200, body: JSON.stringify(answer) }
    },
    download: (id, expires) => (expires >= clock.now() ? kept.get(id) : undefined),
  }
}

async function readForm(contentType: string, body: Buffer): Promise<FormData | undefined> {
  try {
    const bytes = new Uint8Array(body)
    return await new Response(bytes, { headers: { 'content-type': contentType } }).formData()
  } catch {
    return undefined
  }
}
