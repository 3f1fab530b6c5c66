import { WebSocket } from 'ws'
import {
  type DaemonFrame,
  type ShownMessage,
  SUBPROTOCOL,
  type VisitorContent,
  type VisitorFrame,
} from '../../connectors/webchat/frames.ts'

type Frame<T extends DaemonFrame['type']> = Extract<DaemonFrame, { type: T }>

/** A page without a browser: one socket, what it was told, and what it needs to come again. */
export type Visitor = {
  /** Everything that was told, in order. */
  frames: DaemonFrame[]
  /** The newest word on each message, in the order of the thread. */
  thread: Map<string, ShownMessage>
  welcome: Frame<'welcome'>
  token: string
  cursor: string
  socket: WebSocket
  say(frame: VisitorFrame): void
  /** Says a message under a new id, and waits until it is durable or refused. */
  write(
    content: VisitorContent | string,
    more?: { id?: string; form?: Record<string, string> },
  ): Promise<Frame<'accepted'> | Frame<'refused'>>
  /** The first frame of this type that was not waited for yet, and passes. */
  next<T extends DaemonFrame['type']>(type: T, passes?: (frame: Frame<T>) => boolean): Promise<Frame<T>>
  /** Waits until the socket is gone; answers the code of its closing. */
  gone: Promise<number>
  leave(): void
}

export type VisitorOptions = {
  url: string
  channel: string
  origin?: string
  headers?: Record<string, string>
  hello?: Partial<Extract<VisitorFrame, { type: 'hello' }>>
}

const WAIT_MS = 10_000

/** Opens a socket and nothing more. @throws Error with the HTTP status that refused it */
export function dial({ url, channel, origin, headers }: VisitorOptions): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/webchat/${channel}`, SUBPROTOCOL, {
    origin: origin ?? url,
    perMessageDeflate: false,
    ...(headers === undefined ? {} : { headers }),
  })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_request, response) => {
      socket.on('error', () => {})
      socket.terminate()
      reject(new Refused(response.statusCode ?? 0, response.headers['retry-after']))
    })
    socket.once('error', reject)
  })
}

export class Refused extends Error {
  override name = 'Refused'
  readonly status: number
  readonly retryAfter: string | undefined
  constructor(status: number, retryAfter: string | undefined) {
    super(`refused with ${status}`)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** A visitor who was greeted. @throws Error if the daemon says bye instead */
export async function visit(options: VisitorOptions): Promise<Visitor> {
  const socket = await dial(options)
  const frames: DaemonFrame[] = []
  const taken = new Set<DaemonFrame>()
  const wakes = new Set<() => void>()
  const state = { token: options.hello?.token ?? '', cursor: '' }
  const thread = new Map<string, ShownMessage>()
  const note = (frame: DaemonFrame): void => {
    frames.push(frame)
    if ('token' in frame && frame.token !== undefined) state.token = frame.token
    if ('cursor' in frame && frame.cursor !== undefined) state.cursor = frame.cursor
    if (frame.type === 'welcome') {
      if (frame.resume === 'again') thread.clear()
      for (const message of frame.messages) thread.set(message.id, message)
    }
    if (frame.type === 'message' || frame.type === 'changed') thread.set(frame.message.id, frame.message)
    for (const wake of [...wakes]) wake()
  }
  socket.on('message', data => note(JSON.parse(String(data)) as DaemonFrame))
  const gone = new Promise<number>(resolve => socket.once('close', resolve))
  socket.on('error', () => {})
  const say = (frame: VisitorFrame): void => socket.send(JSON.stringify(frame))
  const first = <T extends DaemonFrame>(
    what: string,
    passes: (frame: DaemonFrame) => frame is T,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = frames.find((frame): frame is T => !taken.has(frame) && passes(frame))
        if (found === undefined) return
        end()
        taken.add(found)
        resolve(found)
      }
      const late = setTimeout(() => {
        end()
        reject(new Error(`no ${what} came; the last words: ${JSON.stringify(frames.slice(-3))}`))
      }, WAIT_MS)
      const end = (): void => {
        clearTimeout(late)
        wakes.delete(look)
      }
      wakes.add(look)
      look()
    })
  const next: Visitor['next'] = (type, passes = () => true) =>
    first(
      type,
      (frame): frame is Frame<typeof type> => frame.type === type && passes(frame as Frame<typeof type>),
    )
  say({ type: 'hello', ...options.hello })
  const welcome = await first(
    'welcome',
    (frame): frame is Frame<'welcome'> | Frame<'bye'> => frame.type === 'welcome' || frame.type === 'bye',
  )
  if (welcome.type === 'bye') throw new Error(`bye: ${welcome.code}`)
  return {
    ...{ frames, thread, socket, say, next, gone, welcome },
    get token() {
      return state.token
    },
    get cursor() {
      return state.cursor
    },
    write: async (content, { id = crypto.randomUUID(), form } = {}) => {
      const said: VisitorContent = typeof content === 'string' ? { type: 'text', text: content } : content
      say({ type: 'message', id, content: said, ...(form === undefined ? {} : { form }) })
      return first(
        'answer',
        (frame): frame is Frame<'accepted'> | Frame<'refused'> =>
          (frame.type === 'accepted' || frame.type === 'refused') && frame.id === id,
      )
    },
    leave: () => socket.terminate(),
  }
}
