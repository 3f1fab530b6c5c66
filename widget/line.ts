import type { DaemonFrame, VisitorFrame } from '../connectors/webchat/frames.ts'

/**
 * The line to the daemon: one socket at a time, made again when it breaks.
 *
 *   off ─ open ─▶ opening ─ socket open ─▶ greeting ─ welcome ─▶ up
 *    ▲               ▲            │ closed, silent, bye again      │
 *    │               └── waiting ◀┴────────────────────────────────┘
 *    └ close                 bye for good ─▶ ended ─ open ─▶ opening
 */
export type LineState = 'off' | 'opening' | 'greeting' | 'up' | 'waiting' | 'ended'

/** What is used of a WebSocket, so that tests bring their own. */
export type Socket = {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(text: string): void
  close(): void
}

export type Line = {
  state(): LineState
  open(): void
  close(): void
  /** False if it is not up; nothing is kept for later. */
  send(frame: VisitorFrame): boolean
  /** The page came back into view, or the network did: no waiting, and a look whether the line lives. */
  wake(): void
  /** A new socket with a new `hello`, at once. */
  renew(): void
}

export type LineOptions = {
  connect(): Socket
  hello(): VisitorFrame
  onFrame(frame: DaemonFrame): void
  onState(state: LineState): void
  now(): number
  random(): number
}

/** From the first broken line to the hundredth (H4): doubled each time, and half of it left to chance. */
export const WAIT_MIN_MS = 1000
export const WAIT_MAX_MS = 30_000
/** A socket must be open, and greeted, in this time. */
const GREETING_MS = 15_000
/** Before the daemon has said its own. */
const HEARTBEAT_MS = 25_000
/** An answer to a ping that asks whether a line outlived a sleep. */
const PROOF_MS = 5000

/** @param attempts that failed since a line was last up */
export function waitMs(attempts: number, random: number): number {
  const whole = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** Math.min(attempts, 10))
  return Math.round(whole / 2 + (whole / 2) * random)
}

type Timer = ReturnType<typeof setTimeout>

export function createLine(options: LineOptions): Line {
  const { now, random } = options
  let state: LineState = 'off'
  let socket: Socket | undefined
  let timer: Timer | undefined
  let attempts = 0
  let heardAt = 0
  let heartbeatMs = HEARTBEAT_MS

  const enter = (next: LineState): void => {
    state = next
    options.onState(next)
  }
  const after = (ms: number, work: () => void): void => {
    clearTimeout(timer)
    timer = setTimeout(work, ms)
  }
  const put = (frame: VisitorFrame): void => socket?.send(JSON.stringify(frame))
  /** A socket that was left says nothing any more. */
  const leave = (): void => {
    clearTimeout(timer)
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
    socket = undefined
  }

  const dial = (): void => {
    leave()
    enter('opening')
    after(GREETING_MS, broken)
    try {
      socket = options.connect()
    } catch {
      // The website's own policy may forbid it; another try costs little, and the policy may be mended.
      broken()
      return
    }
    socket.onopen = () => {
      enter('greeting')
      put(options.hello())
    }
    socket.onmessage = ({ data }: { data: unknown }) => heard(data)
    socket.onclose = () => broken()
  }
  const broken = (leastMs = 0): void => {
    leave()
    enter('waiting')
    after(Math.max(leastMs, waitMs(attempts, random())), dial)
    attempts += 1
  }
  const beat = (): void => {
    if (now() - heardAt > 2 * heartbeatMs) {
      broken()
      return
    }
    put({ type: 'ping' })
    after(heartbeatMs, beat)
  }
  const heard = (data: unknown): void => {
    heardAt = now()
    const frame = frameOf(data)
    if (frame === undefined) return
    if (frame.type === 'welcome') {
      attempts = 0
      heartbeatMs = frame.heartbeatMs
      after(heartbeatMs, beat)
      enter('up')
    }
    if (frame.type === 'bye') {
      if (frame.again) broken(frame.retryAfterMs)
      else {
        leave()
        enter('ended')
      }
    }
    options.onFrame(frame)
  }

  return {
    state: () => state,
    open() {
      if (state === 'off' || state === 'ended') {
        attempts = 0
        dial()
      }
    },
    close() {
      leave()
      enter('off')
    },
    send(frame) {
      if (state !== 'up') return false
      put(frame)
      return true
    },
    wake() {
      if (state === 'waiting') dial()
      if (state !== 'up') return
      const askedAt = now()
      put({ type: 'ping' })
      after(PROOF_MS, () => (heardAt < askedAt ? broken() : beat()))
    },
    renew() {
      if (state !== 'off' && state !== 'ended') dial()
    },
  }
}

/** What is not a frame is passed over: the other side may be newer. */
function frameOf(data: unknown): DaemonFrame | undefined {
  try {
    const frame = JSON.parse(String(data)) as DaemonFrame | null
    return typeof frame?.type === 'string' ? frame : undefined
  } catch {
    return undefined
  }
}
