import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { TOKEN } from '../daemon.ts'

/** An open stream of events, as its reader sees it. */
export type Reader = {
  /** The numbers it got, in the order it got them. */
  numbers: number[]
  /** Why it must start again, if it was told. */
  dropped(): string | null
  ended: Promise<void>
  pause(): void
  resume(): void
  close(): void
}

/** How events are carried. `open` throws `Refused` where the answer is no stream. */
export type Carrier = {
  name: string
  open(url: string, options?: { after?: number; token?: string }): Promise<Reader>
}

export class Refused extends Error {
  readonly status: number
  readonly body: object
  constructor(status: number, body: object) {
    super(`refused with ${status}`)
    this.status = status
    this.body = body
  }
}

export const CARRIERS: readonly Carrier[] = [
  {
    name: 'SSE',
    open: (url, { after, token = TOKEN } = {}) =>
      new Promise((resolve, reject) => {
        // A number to resume from comes as browsers tell it.
        const place = after === undefined ? {} : { 'last-event-id': String(after) }
        const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...place }
        const asked = request(`${url}/v1/events`, { headers })
        asked.on('error', reject)
        asked.on('response', response => {
          if (response.statusCode !== 200) void refusalOf(response).then(reject)
          else resolve(sseReader(response))
        })
        asked.end()
      }),
  },
  {
    name: 'WebSocket',
    open: (url, { after, token = TOKEN } = {}) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(socketUrl(url, after), ['omnibus-events-1'], {
          headers: { authorization: `Bearer ${token}` },
        })
        // From here on: what comes with the answer must not be lost.
        const reader = socketReader(socket)
        socket.on('error', reject)
        socket.once('unexpected-response', (_request, response) => void refusalOf(response).then(reject))
        socket.once('open', () => resolve(reader))
      }),
  },
]

export function socketUrl(url: string, after?: number): string {
  return `${url.replace('http', 'ws')}/v1/events${after === undefined ? '' : `?after=${after}`}`
}

export async function refusalOf(response: IncomingMessage): Promise<Refused> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return new Refused(response.statusCode ?? 0, JSON.parse(text) as object)
}

function sseReader(response: IncomingMessage): Reader {
  const numbers: number[] = []
  let dropped: string | null = null
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const number = /^id: (\d+)$/m.exec(block)
      if (number !== null) numbers.push(Number(number[1]))
      const why = /^event: dropped\ndata: (.*)$/m.exec(block)
      if (why !== null) dropped = (JSON.parse(why[1] ?? '') as { why: string }).why
    }
  })
  response.on('error', () => {})
  return {
    numbers,
    dropped: () => dropped,
    ended: new Promise(resolve => response.once('close', resolve)),
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: () => response.destroy(),
  }
}

function socketReader(socket: WebSocket): Reader {
  const numbers: number[] = []
  let dropped: string | null = null
  socket.on('message', data => {
    const frame = JSON.parse(String(data)) as { sequence: number } | { type: 'dropped'; why: string }
    if ('sequence' in frame) numbers.push(frame.sequence)
    else dropped = frame.why
  })
  return {
    numbers,
    dropped: () => dropped,
    ended: new Promise(resolve => socket.once('close', () => resolve())),
    pause: () => void (socket as unknown as { _socket: Socket })._socket.pause(),
    resume: () => void (socket as unknown as { _socket: Socket })._socket.resume(),
    close: () => socket.terminate(),
  }
}
