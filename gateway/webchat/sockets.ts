import { type WebSocket, WebSocketServer } from 'ws'
import { SUBPROTOCOL } from '../../connectors/webchat/frames.ts'
import { Problem, problemOf } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import type { UpgradeRequest } from '../upgrade.ts'
import { take } from './buckets.ts'
import { checkOrigin, createAddressOf, findSite, siteOf, tooMany } from './entrance.ts'
import { HEARTBEAT_MS } from './greet.ts'
import { hear } from './hear.ts'
import { type Hub, spread } from './hub.ts'
import type { Limits } from './limits.ts'
import { ADDRESS_SOCKETS_MAX, FRAMES } from './rates.ts'
import { readFrame } from './read.ts'
import { Visit } from './visit.ts'

/** Larger than the longest text may be in JSON, so that a text of 100 KB is refused by its name. */
const FRAME_BYTES_MAX = 256 * 1024
/** Frames of one page that wait for the one before them. */
const WAITING_MAX = 64
/** Frames in a wrong form, or too many at a time, after which a page is sent away. */
const STRIKES_MAX = 10
/** A page has this long for its `hello`; one that is silent is asked after a heartbeat and given up after two more. */
const HELLO_MS = 10_000
const SILENT_MS = 3 * HEARTBEAT_MS
const LOOK_MS = 5_000

export type Sockets = { accept(upgrade: UpgradeRequest): void; stop(): void }

export function createSockets(rooms: Rooms, hub: Hub, limits: Limits): Sockets {
  const { clock, visits, stopping, config } = rooms
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // It would cost tens of kilobytes a socket, for frames of a few hundred bytes.
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    handleProtocols: protocols => (protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  })
  const addressOf = createAddressOf(config.trustedProxies)
  const byAddress = new Map<string, number>()
  /** Open sockets, those without a `hello` among them. */
  const open = new Set<Visit>()
  const looking = setInterval(() => lookAround(open, clock.monotonic()), LOOK_MS)
  looking.unref()
  return {
    accept: ({ request, socket, head, params }) => {
      const address = addressOf(request)
      const waitMs = limits.connection(address)
      if (waitMs > 0) throw tooMany(waitMs, 'connections')
      if (stopping.aborted) throw new Problem('unavailable', 'The daemon is stopping.', { retryAfterS: 1 })
      const site = siteOf(rooms, params['channel'] ?? '')
      checkOrigin(rooms, site, request.headers.origin)
      checkProtocol(request.headers['sec-websocket-protocol'])
      const count = byAddress.get(address) ?? 0
      if (count >= ADDRESS_SOCKETS_MAX) throw tooMany(30_000, 'open connections')
      server.handleUpgrade(request, socket, head, webSocket => {
        byAddress.set(address, (byAddress.get(address) ?? 0) + 1)
        visits.open += 1
        const ended = (end: string): void => {
          open.delete(visit)
          hub.leave(visit)
          visits.open -= 1
          const left = (byAddress.get(address) ?? 1) - 1
          if (left > 0) byAddress.set(address, left)
          else byAddress.delete(address)
          rooms.metrics.webchatSockets.add([end])
        }
        const visit = new Visit({ socket: webSocket, site, address, now: clock.monotonic(), ended })
        open.add(visit)
        attach(rooms, hub, limits, visit, webSocket)
      })
    },
    stop: () => {
      clearInterval(looking)
      const why = { code: 'restarting', detail: 'The daemon is stopping.', again: true }
      for (const visit of [...open]) visit.bye({ ...why, retryAfterMs: spread(rooms) })
    },
  }
}

/** Another subprotocol is another version of what is said; a browser would not take our answer anyway. */
function checkProtocol(header: string | undefined): void {
  const offered = header?.split(',').map(name => name.trim())
  if (offered?.includes(SUBPROTOCOL)) return
  throw new Problem('malformedRequest', `The WebSocket's subprotocol must be ${SUBPROTOCOL}.`)
}

function attach(rooms: Rooms, hub: Hub, limits: Limits, visit: Visit, socket: WebSocket): void {
  const { clock } = rooms
  const seen = (): void => {
    visit.heardAt = clock.monotonic()
  }
  socket.on('pong', seen)
  socket.on('ping', seen)
  socket.on('error', () => visit.end('error'))
  socket.on('close', () => visit.end('left'))
  socket.on('message', (data, isBinary) => {
    seen()
    if (visit.state !== 'closed') takeFrame(rooms, hub, limits, visit, isBinary ? undefined : String(data))
  })
}

/** Reads a frame, and lets it wait for those before it. */
function takeFrame(rooms: Rooms, hub: Hub, limits: Limits, visit: Visit, text: string | undefined): void {
  const read = text === undefined ? { wrong: 'A frame is text.' } : readFrame(text)
  if ('unknown' in read) {
    visit.say({ type: 'error', code: 'unknownFrame', detail: `There is no frame ${read.unknown}.` })
    return
  }
  if ('wrong' in read) {
    if (read.id !== undefined) {
      visit.say({ type: 'refused', id: read.id, code: 'badMessage', detail: read.wrong })
    } else visit.say({ type: 'error', code: 'badFrame', detail: read.wrong })
    strike(visit)
    return
  }
  const { frame } = read
  const waitMs = take(visit.frames, FRAMES, rooms.clock.monotonic())
  if (waitMs > 0 || visit.waiting >= WAITING_MAX) {
    const why = { code: 'tooFast', detail: 'Too many frames in a short time.' }
    const retryAfterMs = Math.max(1_000, waitMs)
    if (frame.type === 'message') visit.say({ type: 'refused', id: frame.id, ...why, retryAfterMs })
    else visit.say({ type: 'error', ...why })
    strike(visit)
    return
  }
  visit.waiting += 1
  visit.work = visit.work.then(async () => {
    const site = findSite(rooms.directory.get(visit.site.id))
    try {
      if (visit.state === 'closed') return
      if (site === undefined)
        visit.bye({ code: 'channelGone', detail: 'This chat was closed.', again: false })
      else
        rooms.metrics.webchatFrames.add([frame.type, await hear({ rooms, hub, limits, visit, site }, frame)])
    } catch (error) {
      rooms.metrics.webchatFrames.add([frame.type, 'failed'])
      giveUp(rooms, visit, error)
    } finally {
      visit.waiting -= 1
    }
  })
}

/** What could not be done leaves the page in doubt: it begins again, and learns what is so. */
function giveUp(rooms: Rooms, visit: Visit, error: unknown): void {
  // Not once a frame: a failing store tells its reason through /readyz.
  if (problemOf(error) === undefined) rooms.log.error({ err: error }, 'a frame of a visitor failed')
  const detail = 'It cannot be done at this moment.'
  visit.bye({ code: 'unavailable', detail, again: true, retryAfterMs: 1_000 + spread(rooms) })
}

function strike(visit: Visit): void {
  visit.strikes += 1
  if (visit.strikes < STRIKES_MAX) return
  visit.bye({ code: 'badFrames', detail: 'Too much of what the page says is wrong.', again: false })
}

/** One timer for all sockets. */
function lookAround(open: Set<Visit>, now: number): void {
  for (const visit of [...open]) {
    const silentMs = now - visit.heardAt
    if (visit.state === 'new' && silentMs > HELLO_MS) {
      visit.bye({ code: 'noHello', detail: 'A socket begins with hello.', again: true })
    } else if (silentMs > SILENT_MS) visit.hangUp('silent')
    else if (silentMs > HEARTBEAT_MS) visit.ask()
  }
}
