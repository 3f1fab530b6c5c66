import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type FailureCode, SendFailure } from '../../model/failure.ts'
import type { HttpAnswer } from '../connector.ts'
import { EgressBlocked } from './egress.ts'
import { parseJson } from './json.ts'

/** What an undecided or a streamed body may hold in memory before the socket is paused, in bytes. */
const HELD_BYTES_MAX = 64 * 1024

type Controller = Dispatcher.DispatchController
type Headers = Record<string, string | string[] | undefined>

export type ExchangeOptions = {
  answerMs: number
  bytesMax: number
  signal: AbortSignal | undefined
  mayWrite: (() => boolean) | undefined
  /** Told once: the status, or the code of the failure. */
  told: ((outcome: number | FailureCode) => void) | undefined
}

/**
 * One request and its answer, from the moment it is queued until its last byte.
 *
 * | state    | holds                             | leaves it                                             |
 * |----------|-----------------------------------|-------------------------------------------------------|
 * | queued   | nothing on any socket             | a socket takes it → written; any failure is certain   |
 * | written  | bytes may be with the provider    | headers → answered; any failure is uncertain          |
 * | answered | the status; body chunks           | last byte → ended; a failure breaks the body's reader |
 * | ended    | the whole body, or a failure      | —                                                     |
 *
 * undici calls `onRequestStart` right before it writes to the socket, a reused one too: that call is the line between
 * certain and uncertain of RULES C5. It is a class that answers for itself because there are thousands a second: one
 * object is handler, timer's target and answer.
 */
export class Exchange implements Dispatcher.DispatchHandler, HttpAnswer {
  status = 0
  /** Settles when the headers are here; rejects with SendFailure. */
  readonly answered: Promise<Exchange>
  #state: 'queued' | 'written' | 'answered' | 'ended' = 'queued'
  #resolve: (exchange: Exchange) => void = () => {}
  #reject: (error: Error) => void = () => {}
  readonly #options: ExchangeOptions
  readonly #timer: NodeJS.Timeout
  #controller: Controller | undefined
  #headers: Headers = {}
  #chunks: Buffer[] = []
  #held = 0
  #failure: Error | undefined
  /** Who waits for the whole body. */
  #whole: { resolve: (text: string) => void; reject: (error: Error) => void } | undefined
  #stream: Readable | undefined

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // undici's own timers watch for silence; a provider that trickles bytes would never end. Timers of one duration
    // share a list in Node, so this one costs little.
    this.#timer = setTimeout(expire, options.answerMs, this)
    options.signal?.addEventListener('abort', this)
  }

  // ——— What undici calls

  onRequestStart(controller: Controller): void {
    if (this.#options.mayWrite?.() === false) this.#give('it may not be written any more')
    // Thrown here, undici drops the request before its first byte and keeps the socket.
    if (this.#state === 'ended') throw this.#failure ?? new Error('ended')
    this.#state = 'written'
    this.#controller = controller
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers): void {
    // 1xx are announcements; the answer follows.
    if (status < 200 || this.#state !== 'written') return
    this.#state = 'answered'
    this.status = status
    this.#headers = headers
    this.#options.told?.(status)
    this.#resolve(this)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#stream !== undefined) {
      if (!this.#stream.push(chunk)) controller.pause()
      return
    }
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#whole !== undefined && this.#held > this.#options.bytesMax) this.#tooLarge()
    else if (this.#whole === undefined && this.#held >= HELD_BYTES_MAX) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#state === 'ended') return
    this.#end()
    this.#stream?.push(null)
    this.#whole?.resolve(this.#take())
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(error)
  }

  // ——— What the signal and the timer call

  handleEvent(): void {
    this.#give('aborted')
  }

  expire(): void {
    this.#give(`no answer within ${this.#options.answerMs} ms`)
  }

  /** The request was never taken: `dispatch` itself threw. */
  refuse(error: Error): void {
    this.#fail(error)
  }

  // ——— What the connector reads

  get headers(): Record<string, string | undefined> {
    for (const [name, value] of Object.entries(this.#headers)) {
      if (Array.isArray(value)) this.#headers[name] = value.join(', ')
    }
    return this.#headers as Record<string, string | undefined>
  }

  text(): Promise<string> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#state === 'ended') {
      return this.#held > this.#options.bytesMax
        ? Promise.reject(failureOf('noAnswer', this.#tooLargeError()))
        : Promise.resolve(this.#take())
    }
    return new Promise((resolve, reject) => {
      this.#whole = { resolve, reject }
      if (this.#held > this.#options.bytesMax) this.#tooLarge()
      else this.#controller?.resume()
    })
  }

  json(): Promise<unknown> {
    return this.text().then(parseJson)
  }

  get stream(): Readable {
    if (this.#stream !== undefined) return this.#stream
    const stream = new Readable({
      highWaterMark: HELD_BYTES_MAX,
      read: () => this.#controller?.resume(),
      destroy: (error, done) => {
        if (this.#state !== 'ended') this.#give('the reader stopped')
        done(error)
      },
    })
    this.#stream = stream
    for (const chunk of this.#chunks) stream.push(chunk)
    this.#chunks = []
    if (this.#failure !== undefined) stream.destroy(this.#failure)
    else if (this.#state === 'ended') stream.push(null)
    else this.#controller?.resume()
    return stream
  }

  /** Lets go of a body that nobody will read; a small one is swallowed so that its socket can be used again. */
  dump(): void {
    if (this.#state === 'ended') return
    this.#whole = { resolve: () => {}, reject: () => {} }
    this.#controller?.resume()
  }

  // ——— Endings

  #take(): string {
    const [first] = this.#chunks
    if (first === undefined) return ''
    return (this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)).toString('utf8')
  }

  #end(): void {
    this.#state = 'ended'
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this)
  }

  /** Gives up by our own decision; what undici then says is no news. */
  #give(why: string): void {
    const controller = this.#controller
    this.#fail(new Error(why))
    controller?.abort(new Error(why))
  }

  #tooLargeError(): Error {
    return new Error(`the answer has more than ${this.#options.bytesMax} bytes`)
  }

  #tooLarge(): void {
    this.#give(this.#tooLargeError().message)
  }

  #fail(cause: Error): void {
    if (this.#state === 'ended') return
    const was = this.#state
    const failure = failureOf(was === 'queued' ? codeOf(cause) : 'noAnswer', cause)
    this.#failure = failure
    this.#end()
    if (was !== 'answered') {
      this.#options.told?.(failure.failure.code)
      this.#reject(failure)
    }
    this.#whole?.reject(failure)
    this.#stream?.destroy(failure)
  }
}

function expire(exchange: Exchange): void {
  exchange.expire()
}

/** What kept a request from its socket. Everything here is certain. */
function codeOf(error: Error): FailureCode {
  if (error instanceof EgressBlocked || error.cause instanceof EgressBlocked) return 'blockedByEgress'
  // A header or path that HTTP does not allow, such as a token with a line break.
  return 'code' in error && error.code === 'UND_ERR_INVALID_ARG' ? 'badRequest' : 'unreachable'
}

/** The transport's own word stays with the failure, so that an operator sees `ECONNREFUSED` and not only our code. */
function failureOf(code: FailureCode, cause: Error): SendFailure {
  const word = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
  return new SendFailure({ code, provider: { code: word, title: cause.message } }, { cause })
}
