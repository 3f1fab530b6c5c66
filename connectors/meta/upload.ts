import { SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io, OutboundMedia } from '../connector.ts'
import { objectOf, textIn } from '../kit/json.ts'
import { multipart } from '../kit/multipart.ts'

/** RULES C7. */
export const MEDIA_MS = 60_000

export type StoredFile = Extract<OutboundMedia, { open: unknown }>

type Target = {
  url: string
  accessToken: string
  fields: Record<string, string>
  /** The name of the part with the file. */
  field: string
  /** Under which the answer has the new id. */
  id: string
}

/**
 * Hands a file to the Graph API, which gives it an id.
 * @throws SendFailure, always a certain one: while the file is on its way the message has not begun, so that an
 * upload which got no answer may simply be repeated.
 */
export async function uploadFile(
  file: StoredFile,
  target: Target,
  refusalOf: (answer: HttpAnswer) => Promise<SendFailure>,
  io: Io,
): Promise<string> {
  const { headers, body } = multipart({
    fields: target.fields,
    file: {
      field: target.field,
      name: file.name ?? 'file',
      mimeType: file.mimeType,
      size: file.size,
      content: await opened(file),
    },
    // Nobody can put the hash of a file into the file.
    boundary: `omnibus-${file.sha256.slice(0, 48)}`,
  })
  try {
    const answer = await io.http({
      method: 'POST',
      url: target.url,
      headers: { ...headers, authorization: `Bearer ${target.accessToken}` },
      body,
      signal: io.signal,
      answerMs: MEDIA_MS,
    })
    if (answer.status < 200 || answer.status > 299) throw await refusalOf(answer)
    const id = textIn(objectOf(await answer.json()), target.id)
    if (id === undefined) throw new SendFailure({ code: 'noAnswer' })
    return id
  } catch (error) {
    throw uploadFailure(error)
  } finally {
    body.destroy()
  }
}

async function opened(file: StoredFile) {
  try {
    return await file.open()
  } catch (cause) {
    throw new SendFailure({ code: 'mediaFailed' }, { cause })
  }
}

function uploadFailure(cause: unknown): unknown {
  if (!(cause instanceof SendFailure)) return cause
  const { failure } = cause
  if (failure.code === 'noAnswer') return new SendFailure({ ...failure, code: 'providerFault' }, { cause })
  if (failure.code === 'badRequest') return new SendFailure({ ...failure, code: 'mediaFailed' }, { cause })
  return cause
}
