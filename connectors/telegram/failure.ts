import type { Failure, FailureCode } from '../../model/failure.ts'

/** What the Bot API says instead of a result: `{ ok: false, error_code, description, parameters }`. */
export type Refusal = { status: number; says: string; retryAfterMs?: number; movedTo?: string }

type Row = readonly [status: number, says: RegExp, code: FailureCode]

const ANY = /^/

/**
 * PROVIDERS D4, row by row, with its class. The server has no codes but the HTTP ones: what it says is matched, with
 * whatever stands around it, since the wording of the same refusal differs between methods. The first row counts.
 */
export const FAILURE: readonly Row[] = [
  [400, /chat not found|user not found|chat_id is empty|peer_id_invalid/i, 'recipientInvalid'], // U
  [400, /group chat was upgraded/i, 'recipientInvalid'], // U, where it does not say to which
  [400, /not enough rights|have no rights|write_forbidden|topic_closed|messages_forbidden/i, 'undeliverable'],
  [400, /too long|too big|too large|file of size/i, 'contentTooLarge'], // P
  [
    400,
    /wrong (remote )?file|file identifier|http url content|web page content|upload file by url/i,
    'mediaFailed',
  ], // P
  [400, /photo_|image_process|video_|sticker_|media_|wrong type of/i, 'mediaFailed'], // P
  [400, /reaction_invalid|reactions_too_many/i, 'contentUnsupported'], // P
  [400, ANY, 'badRequest'], // P: empty text, entities that cannot be parsed, …
  [401, ANY, 'credentials'], // A
  [403, /bot was blocked by the user/i, 'blocked'], // U
  // Of one chat, never of the bot: deactivated, kicked, not a member, a conversation that is not ours to begin.
  [403, ANY, 'undeliverable'], // U
  [404, /method not found/i, 'badRequest'], // P
  [404, ANY, 'credentials'], // A: a token of the wrong form
  [409, ANY, 'conflict'], // A: another program holds the updates, or a webhook does
  [413, ANY, 'contentTooLarge'], // P
  [429, ANY, 'throttledChannel'], // T: whose it is, the caller knows better
  [500, ANY, 'providerFault'], // R
  [503, ANY, 'providerDown'], // R
]

/** What a refusal means here; one that the table does not know is a fault of theirs, or of the request. */
export function failureOf({ status, says, retryAfterMs }: Refusal): Failure {
  const row = FAILURE.find(([code, words]) => code === status && words.test(says))
  return {
    code: row?.[2] ?? (status >= 500 ? 'providerFault' : 'badRequest'),
    provider: { code: String(status), ...(says !== '' && { title: says }) },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}
