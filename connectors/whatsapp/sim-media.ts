import type { Clock } from '../../model/clock.ts'
import type { SimAnswer } from '../kit/sim/answer.ts'
import { createFiles, readForm, type SimFile, type SimFiles } from '../kit/sim/files.ts'
import { refusal } from './sim-errors.ts'

export type MediaStore = SimFiles & {
  /** Reads a multipart upload (PROVIDERS A8). */
  upload(contentType: string, body: Buffer): Promise<SimAnswer>
  /** `{ url, mime_type, sha256, file_size, id }`; the address is absolute and good for 5 minutes. */
  resolve(id: string, origin: string): SimAnswer
  /** The bytes behind such an address. */
  download(id: string, expires: number): SimFile | undefined
}

const URL_MS = 5 * 60_000

export function createMedia(clock: Clock): MediaStore {
  const files = createFiles(clock)
  return {
    ...files,
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
        body: JSON.stringify({ id: files.put(Buffer.from(await file.arrayBuffer()), mimeType) }),
      }
    },
    resolve: (id, origin) => {
      const media = files.get(id)
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
    download: (id, expires) => (expires >= clock.now() ? files.get(id) : undefined),
  }
}
