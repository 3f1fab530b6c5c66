import type { ForeignMedia, MediaHeader } from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { Io, MediaStream, OutboundMedia } from '../connector.ts'
import { type Json, objectOf, textIn } from '../kit/json.ts'
import { MEDIA_MS, type StoredFile, uploadFile } from '../meta/upload.ts'
import { sha256Of } from './content.ts'
import { graphUrl, numberUrl, refusalOf } from './graph.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** An uploaded id is valid for 30 days (PROVIDERS A8); one day is kept for what still waits in a queue. */
const UPLOAD_KEPT_MS = 29 * 86_400_000
/** Meta refuses downloads without a User-Agent (A8). */
const USER_AGENT = 'Omnibus'

/** How a message names its media: by link, fetched by Meta, or by the id of an upload, made once per file. */
export async function mediaObject(
  media: OutboundMedia,
  config: WhatsAppConfig,
  io: Io,
): Promise<{ link: string } | { id: string }> {
  if ('link' in media) return { link: media.link }
  return { id: await io.memo(`media:${media.id}`, UPLOAD_KEPT_MS, () => upload(media, config, io)) }
}

/** A file above a text: `{ type: 'image', image: { id } }`. Only documents show a name (PROVIDERS A6). */
export async function mediaOfType(
  { media, type }: MediaHeader<OutboundMedia>,
  config: WhatsAppConfig,
  io: Io,
): Promise<Json> {
  const object: Json = await mediaObject(media, config, io)
  if (type === 'document' && media.name !== undefined) object['filename'] = media.name
  return { type, [type]: object }
}

function upload(file: StoredFile, config: WhatsAppConfig, io: Io): Promise<string> {
  const url = `${numberUrl(config)}/media`
  const fields = { messaging_product: 'whatsapp', type: file.mimeType }
  const target = { url, accessToken: config.accessToken, fields, field: 'file', id: 'id' }
  return uploadFile(file, target, answer => refusalOf(answer, io), io)
}

/**
 * Opens what an inbound message named: the id is resolved to an address that is good for five minutes, and that
 * is read with the same token (PROVIDERS A8).
 * @throws SendFailure; `mediaFailed` when Meta has it no longer (ids of webhooks live for 7 days)
 */
export async function fetchMedia(media: ForeignMedia, config: WhatsAppConfig, io: Io): Promise<MediaStream> {
  const authorization = `Bearer ${config.accessToken}`
  const resolved = await io.http({
    method: 'GET',
    url: `${graphUrl(config)}/${encodeURIComponent(media.ref)}?phone_number_id=${config.phoneNumberId}`,
    headers: { authorization },
    signal: io.signal,
  })
  if (resolved.status !== 200) throw gone(await refusalOf(resolved, io))
  const about = objectOf(await resolved.json())
  const url = textIn(about, 'url')
  if (url === undefined) throw new SendFailure({ code: 'mediaFailed', provider: { code: 'no url' } })
  const answer = await io.http({
    method: 'GET',
    url,
    headers: { authorization, 'user-agent': USER_AGENT },
    signal: io.signal,
    answerMs: MEDIA_MS,
    redirectsMax: 3,
  })
  if (answer.status !== 200) throw gone(await refusalOf(answer, io))
  const mimeType = textIn(about, 'mime_type')
  const sha256 = sha256Of(textIn(about, 'sha256'))
  // Numbers by the reference, strings in some answers.
  const size = Number(about?.['file_size'])
  return {
    stream: answer.stream,
    ...(mimeType !== undefined && { mimeType }),
    ...(Number.isSafeInteger(size) && size > 0 && { size }),
    ...(sha256 !== undefined && { sha256 }),
  }
}

/** "There is no such object" is said in several ways; for media they all mean that it is gone. */
function gone(refusal: SendFailure): SendFailure {
  const { failure } = refusal
  if (failure.code !== 'badRequest' && failure.code !== 'notRegistered') return refusal
  return new SendFailure({ ...failure, code: 'mediaFailed' }, { cause: refusal })
}
