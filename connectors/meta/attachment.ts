import type { ForeignMedia, MediaType } from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { Io, MediaStream, OutboundMedia } from '../connector.ts'
import type { Json } from '../kit/json.ts'
import { type Account, ERRORS } from './account.ts'
import { refusalOf } from './refusal.ts'
import { MEDIA_MS, type StoredFile, uploadFile } from './upload.ts'

/** An uploaded attachment is kept for 90 days (PROVIDERS B1); one day is for what still waits in a queue. */
const UPLOAD_KEPT_MS = 89 * 86_400_000

/** What Meta calls them. There are no stickers but Meta's own: ours is a picture. */
const TYPE = { image: 'image', audio: 'audio', video: 'video', document: 'file', sticker: 'image' } as const

/** How a message names its media: by link, fetched by Meta, or by the id of an upload, made once per file. */
export async function attachmentOf(
  type: MediaType,
  media: OutboundMedia,
  account: Account,
  io: Io,
): Promise<Json> {
  const word = TYPE[type]
  if ('link' in media) return { type: word, payload: { url: media.link, is_reusable: true } }
  const id = await io.memo(`${word}:${media.id}`, UPLOAD_KEPT_MS, () => upload(word, media, account, io))
  return { type: word, payload: { attachment_id: id } }
}

function upload(type: string, file: StoredFile, account: Account, io: Io): Promise<string> {
  const message = JSON.stringify({ attachment: { type, payload: { is_reusable: true } } })
  return uploadFile(
    { ...file, name: plain(file.name ?? 'file') },
    {
      url: `${account.url}/message_attachments`,
      accessToken: account.accessToken,
      fields: { message, ...(account.platform !== undefined && { platform: account.platform }) },
      field: 'filedata',
      id: 'attachment_id',
    },
    answer => refusalOf(answer, io, ERRORS),
    io,
  )
}

/** Names with letters beyond ASCII are refused with uploads (Meta, "Upload Media for Instagram Messaging", 2026-06). */
function plain(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
}

/**
 * Opens what an inbound message named: an address of Meta's CDN, which carries its own proof and expires (B2).
 * @throws SendFailure; `mediaFailed` when it is gone, or there is a page to read instead of a file
 */
export async function fetchAttachment(media: ForeignMedia, io: Io): Promise<MediaStream> {
  const answer = await io.http({
    method: 'GET',
    url: media.ref,
    headers: { 'user-agent': 'Omnibus' },
    signal: io.signal,
    answerMs: MEDIA_MS,
    redirectsMax: 3,
  })
  const mimeType = answer.headers['content-type']
  const provider = { code: `HTTP ${answer.status}` }
  if (answer.status !== 200 || mimeType?.startsWith('text/html')) {
    await answer.text()
    const isFault = answer.status === 429 || answer.status >= 500
    throw new SendFailure({ code: isFault ? 'providerFault' : 'mediaFailed', provider })
  }
  const size = Number(answer.headers['content-length'])
  return {
    stream: answer.stream,
    ...(mimeType !== undefined && { mimeType }),
    ...(Number.isSafeInteger(size) && size > 0 && { size }),
  }
}
