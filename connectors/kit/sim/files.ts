import { createHash } from 'node:crypto'
import type { Clock } from '../../../model/clock.ts'

export type SimFile = { bytes: Buffer; mimeType: string; sha256: string; at: number }

/** What people sent and a business uploaded, by the id that the provider gave it. */
export type SimFiles = {
  put(bytes: Buffer, mimeType: string): string
  get(id: string): SimFile | undefined
}

/** All files together; the oldest make room. */
const KEPT_BYTES_MAX = 512 * 1024 * 1024

export function createFiles(clock: Clock): SimFiles {
  const kept = new Map<string, SimFile>()
  let total = 0
  let last = 100_000_000_000_000
  return {
    put: (bytes, mimeType) => {
      const id = String(++last)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      kept.set(id, { bytes, mimeType, sha256, at: clock.now() })
      total += bytes.length
      for (const [oldest, file] of kept) {
        if (total <= KEPT_BYTES_MAX || oldest === id) break
        kept.delete(oldest)
        total -= file.bytes.length
      }
      return id
    },
    get: id => kept.get(id),
  }
}

/** The fields of a form, multipart or not; undefined if it is none. */
export async function readForm(contentType: string, body: Buffer): Promise<FormData | undefined> {
  try {
    const bytes = new Uint8Array(body)
    return await new Response(bytes, { headers: { 'content-type': contentType } }).formData()
  } catch {
    return undefined
  }
}
