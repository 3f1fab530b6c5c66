import { Readable } from 'node:stream'
import type { ApiMethods, Opts } from 'grammy/types'
import type { ForeignMedia } from '../../model/content.ts'
import { type Failure, type FailureCode, SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, HttpRequest, Io, MediaStream, OutboundMedia } from '../connector.ts'
import { type Json, numberIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { multipart } from '../kit/multipart.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { failureOf, type Refusal } from './failure.ts'
import type { TelegramConfig } from './telegram.ts'

/** RULES C7. */
const MEDIA_MS = 60_000

/** A file of ours that goes along, under the name of the field that holds it. */
export type Upload = { field: string; file: Extract<OutboundMedia, { open: unknown }> }

/** One call, its fields as the Bot API names them. */
export type Asked = { method: keyof ApiMethods; body: Json; upload?: Upload; answerMs?: number }

/** A call whose fields are checked against the method's. */
export function ask<M extends keyof ApiMethods>(method: M, body: Opts<M>): Asked {
  return { method, body: body as Json }
}

/**
 * Calls a method of the Bot API (PROVIDERS D1) and answers its result. grammy lends its types and nothing that runs:
 * one way out for all connectors, and 20 MB less.
 * @throws Refused for Telegram's own no, SendFailure for everything else; neither ever names the token
 */
export async function call(asked: Asked, config: TelegramConfig, io: Io): Promise<unknown> {
  const url = `${rootOf(config)}/bot${config.botToken}/${asked.method}`
  const request = await written(asked)
  const { answer, text } = await guarded(config, async () => {
    const answer = await io.http({ ...request, url, signal: io.signal })
    return { answer, text: await answer.text() }
  }).finally(() => {
    // What was opened for a request that was never taken must not stay so.
    if (request.body instanceof Readable) request.body.destroy()
  })
  const said = objectOf(parseJson(text))
  if (said?.['ok'] === true) return said['result']
  const isTheirs = said?.['ok'] === false && !FROM_BETWEEN.has(answer.status)
  throw isTheirs ? new Refused(refusalIn(said, answer, io), config) : new SendFailure(bare(answer, io))
}

/** Every address of a bot holds its token: no failure leaves here with it, nor with the cause that might name it. */
async function guarded<T>(config: TelegramConfig, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof SendFailure)) throw new Error('the call could not be made')
    throw new SendFailure(withoutToken(error.failure, config))
  }
}

/** A no of Telegram's own: certain (RULES C5). */
export class Refused extends SendFailure {
  readonly refusal: Refusal

  constructor(refusal: Refusal, config: TelegramConfig) {
    super(withoutToken(failureOf(refusal), config))
    this.refusal = refusal
  }
}

function refusalIn(said: Json, answer: HttpAnswer, io: Io): Refusal {
  const parameters = objectIn(said, 'parameters')
  const seconds = numberIn(parameters, 'retry_after')
  const wait = seconds === undefined ? retryAfterMs(answer.headers['retry-after'], io.now()) : seconds * 1000
  const movedTo = numberIn(parameters, 'migrate_to_chat_id')
  return {
    status: numberIn(said, 'error_code') ?? answer.status,
    says: textIn(said, 'description') ?? '',
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(movedTo !== undefined && { movedTo: String(movedTo) }),
  }
}

/** A gateway that gave up waiting says so in Telegram's form too; what is behind it may have taken the message. */
const FROM_BETWEEN = new Set([502, 504])

/** An answer that is not Telegram's own word: only what certainly never reached it is certain (RULES C5). */
function bare({ status, headers }: HttpAnswer, io: Io): Failure {
  const wait = retryAfterMs(headers['retry-after'], io.now())
  const isDown = status === 503 && wait !== undefined
  const code = isDown ? 'providerDown' : (BARE_STATUS.get(status) ?? (status < 400 ? 'noAnswer' : undefined))
  return {
    code: code ?? (status >= 500 ? 'noAnswer' : 'badRequest'),
    provider: { code: `HTTP ${status}` },
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

const BARE_STATUS: ReadonlyMap<number, FailureCode> = new Map([
  [401, 'credentials'],
  [404, 'credentials'],
  [413, 'contentTooLarge'],
  [429, 'throttledChannel'],
])

type Written = Pick<HttpRequest, 'method' | 'headers' | 'body' | 'answerMs'>

/** JSON; or a form, if a file goes along, in which everything but text is written as JSON. */
async function written({ body, upload, answerMs }: Asked): Promise<Written> {
  if (upload === undefined) {
    const headers = { 'content-type': 'application/json' }
    return {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      ...(answerMs !== undefined && { answerMs }),
    }
  }
  const { file, field } = upload
  const { name = 'file', mimeType, size, sha256 } = file
  const given = Object.entries(body).filter(([, value]) => value !== undefined)
  const fields = given.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])
  const form = multipart({
    fields: Object.fromEntries(fields),
    file: { field, name, mimeType, size, content: await opened(file) },
    // Nobody can put the hash of a file into the file.
    boundary: `omnibus-${sha256.slice(0, 48)}`,
  })
  return { method: 'POST', ...form, answerMs: answerMs ?? MEDIA_MS }
}

async function opened(file: Upload['file']) {
  try {
    return await file.open()
  } catch (cause) {
    throw new SendFailure({ code: 'mediaFailed' }, { cause })
  }
}

function rootOf({ apiBase }: TelegramConfig): string {
  return apiBase ?? 'https://api.telegram.org'
}

function withoutToken(failure: Failure, { botToken }: TelegramConfig): Failure {
  return JSON.parse(JSON.stringify(failure).replaceAll(botToken, '***')) as Failure
}

/**
 * Opens a file that a message named (PROVIDERS D1, D2). Its address holds the token and is never told to anybody: what
 * is kept is the `file_id`.
 * @throws SendFailure, for ever if Telegram does not give it: what is beyond 20 MB, or gone
 */
export async function fetchMedia(media: ForeignMedia, config: TelegramConfig, io: Io): Promise<MediaStream> {
  const file = objectOf(await call(ask('getFile', { file_id: media.ref }), config, io))
  const path = textIn(file, 'file_path')
  // A server of one's own may tell where the file lies on its disk.
  if (path === undefined || path.startsWith('/')) throw new SendFailure({ code: 'mediaFailed' })
  const url = `${rootOf(config)}/file/bot${config.botToken}/${encodeURI(path)}`
  const answer = await guarded(config, () =>
    io.http({ method: 'GET', url, signal: io.signal, answerMs: MEDIA_MS }),
  )
  if (answer.status !== 200) {
    await answer.text()
    const code = answer.status >= 500 || answer.status === 429 ? 'providerFault' : 'mediaFailed'
    throw new SendFailure({ code, provider: { code: `HTTP ${answer.status}` } })
  }
  const size = numberIn(file, 'file_size')
  return { stream: answer.stream, ...(size !== undefined && { size }) }
}
