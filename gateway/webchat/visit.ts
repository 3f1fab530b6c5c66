import type { WebSocket } from 'ws'
import type { DaemonFrame, PageVisit } from '../../connectors/webchat/frames.ts'
import { userAddress } from '../../model/address.ts'
import type { ContactId } from '../../model/ids.ts'
import { type Bucket, fullBucket } from './buckets.ts'
import type { Site } from './entrance.ts'
import { FRAMES } from './rates.ts'

/** Who a page's visitor is, as far as it was proven. */
export type Who = { visitor: string; epoch: number; externalId: string | null; name: string | null }

/**
 * One open socket of a page.
 *
 * | state    | holds                                              | leaves it                                        |
 * |----------|----------------------------------------------------|--------------------------------------------------|
 * | new      | nothing                                            | `hello` → greeting; none in time → closed        |
 * | greeting | news that come while the thread is read            | `welcome` → open; the store fails → closed       |
 * | open     | nothing: news go to the socket, up to a bound      | slow, silent, revoked, the daemon stops → closed |
 * | closed   | –                                                  | the page comes again and resumes                 |
 */
export class Visit {
  state: 'new' | 'greeting' | 'open' | 'closed' = 'new'
  who: Who | undefined
  /** The contact of the visitor, and those merged into it; empty before the first message. */
  family: readonly ContactId[] = NOBODY
  /** The last event that the page knows of, or needs not know of. */
  cursor = 0
  language: string | undefined
  page: PageVisit | undefined
  /** What the website says of its visitor without a proof. */
  said: Record<string, string> | undefined
  /** Who it is changes at this moment: what is found out about it meanwhile is old. */
  isChanging = false
  heardAt: number
  /** Frames of the page are handled one after the other: messages keep their order. */
  work: Promise<void> = DONE
  waiting = 0
  strikes = 0
  frames: Bucket
  readonly site: Pick<Site, 'id' | 'workspace'>
  readonly address: string
  readonly #socket: WebSocket
  readonly #ended: (end: string) => void
  #held: News[] = NOTHING

  constructor(options: {
    socket: WebSocket
    site: Site
    address: string
    now: number
    ended: (end: string) => void
  }) {
    const { id, workspace } = options.site
    this.#socket = options.socket
    this.#ended = options.ended
    this.site = { id, workspace }
    this.address = options.address
    this.heardAt = options.now
    this.frames = fullBucket(FRAMES, options.now)
  }

  /** The values of the addresses of kind `webchat` under which it is reached. */
  keys(): string[] {
    if (this.who === undefined) return []
    const { visitor, externalId } = this.who
    return externalId === null ? [visitor] : [visitor, userAddress(externalId).value]
  }

  say(frame: DaemonFrame): void {
    this.#send(JSON.stringify(frame))
  }

  /** A frame that was put into text once for many. */
  pass(text: string): void {
    this.#send(text)
  }

  /** News of event `sequence`, unless the page has it; kept while the page is greeted. */
  tell(sequence: number, text: string): void {
    if (sequence <= this.cursor || this.state === 'closed') return
    if (this.state === 'open') {
      this.cursor = sequence
      this.#send(text)
      return
    }
    if (this.#held === NOTHING) this.#held = []
    if (this.#held.push({ sequence, text }) > HELD_MAX) {
      this.bye({ code: 'busy', detail: 'Too much happens at this moment.', again: true })
    }
  }

  /** The greeting is over and covers everything up to `cursor`: what came after it follows. */
  open(cursor: number): void {
    if (this.state !== 'greeting') return
    this.state = 'open'
    this.cursor = cursor
    const held = this.#held
    this.#held = NOTHING
    for (const { sequence, text } of held) this.tell(sequence, text)
  }

  /** The last word. The socket is hung up soon, whether or not it was heard. */
  bye(last: { code: string; detail: string; again: boolean; retryAfterMs?: number }): void {
    if (this.state === 'closed') return
    this.#send(JSON.stringify({ type: 'bye', ...last } satisfies DaemonFrame))
    this.end(last.code)
    this.#socket.close(last.again ? 1012 : 1008, last.code)
    setTimeout(() => this.#socket.terminate(), LINGER_MS).unref()
  }

  /** The socket is gone, or is to be. */
  end(why: string): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.#held = NOTHING
    this.#ended(why)
  }

  hangUp(why: string): void {
    this.end(why)
    this.#socket.terminate()
  }

  /** Browsers answer by themselves, even where a page in the background may run no timers. */
  ask(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > BUFFER_BYTES_MAX) this.hangUp('slow')
    else this.#socket.send(text)
  }
}

type News = { sequence: number; text: string }

const NOBODY: readonly ContactId[] = []
const NOTHING: News[] = []
const DONE = Promise.resolve()
/** News that may wait for a page to be greeted. */
const HELD_MAX = 200
/** What a page may leave unread before its socket is closed; it resumes where it was. */
const BUFFER_BYTES_MAX = 512 * 1024
/** How long a page may take over the last words. */
const LINGER_MS = 500
