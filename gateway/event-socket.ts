import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { bearerOf } from './auth.ts'
import { Problem } from './problem.ts'
import { type Ending, LINGER_MS, type Wire } from './stream.ts'
import type { UpgradeRequest } from './upgrade.ts'

/**
 * Events over a WebSocket (RFC 6455): each frame is the JSON of one event. What the client says is not read. A browser
 * cannot set headers, so a token may come as the subprotocol `bearer.<token>` beside ours, which is the one that is
 * agreed on: the token is never sent back.
 */
const SUBPROTOCOL = 'omnibus-events-1'
const BEARER = 'bearer.'
/** Of a frame that the client sends. */
const FRAME_BYTES_MAX = 4_096
/** How long a client may take to say goodbye while the daemon stops: the queue needs most of that time. */
const STOP_LINGER_MS = 1_000
/** Heartbeats that may stay without an answer. */
const UNANSWERED_MAX = 2

/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
const CLOSE_CODES: Record<Ending, [number, string]> = {
  dropped: [1013, 'resume from the last number you have'],
  revoked: [1008, 'the token counts no more'],
  stopping: [1001, 'the daemon stops'],
  failed: [1011, 'the log could not be read'],
}

/** The token of an upgrade. @throws Problem if it came as a subprotocol and ours did not. */
export function tokenOf({ request }: UpgradeRequest): string | undefined {
  const { authorization, 'sec-websocket-protocol': offered = '' } = request.headers
  const protocols = offered.split(',').map(name => name.trim())
  const named = protocols.find(name => name.startsWith(BEARER))
  // Browsers give up a socket on which none of the subprotocols that they offered was agreed on.
  if (named !== undefined && !protocols.includes(SUBPROTOCOL)) {
    throw new Problem('malformedRequest', `Offer the subprotocol ${SUBPROTOCOL} beside the token.`)
  }
  return bearerOf(authorization) ?? named?.slice(BEARER.length)
}

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: FRAME_BYTES_MAX,
  handleProtocols: offered => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
})

/** Accepts the upgrade, or refuses it in HTTP and never answers: a request that is no WebSocket's. */
export function acceptEvents({ request, socket, head }: UpgradeRequest): Promise<Wire> {
  return new Promise(resolve =>
    server.handleUpgrade(request, socket, head, webSocket => resolve(socketWire(webSocket, socket))),
  )
}

function socketWire(webSocket: WebSocket, socket: Duplex): Wire {
  const gone = new AbortController()
  let unanswered = 0
  webSocket.once('close', () => gone.abort())
  webSocket.on('error', () => gone.abort())
  webSocket.on('pong', () => {
    unanswered = 0
  })
  return {
    name: 'socket',
    waits: socket,
    gone: gone.signal,
    send: events => {
      // One write for a batch.
      socket.cork()
      for (const event of events) webSocket.send(event.json)
      socket.uncork()
    },
    aside: (type, data) => webSocket.send(`{"type":${JSON.stringify(type)},"data":${data}}`),
    beat: () => {
      if (unanswered === UNANSWERED_MAX) return webSocket.terminate()
      unanswered += 1
      webSocket.ping()
    },
    drop: why => webSocket.send(JSON.stringify({ type: 'dropped', why })),
    close: ending => {
      webSocket.close(...CLOSE_CODES[ending])
      const lingerMs = ending === 'stopping' ? STOP_LINGER_MS : LINGER_MS
      const hangUp = setTimeout(() => webSocket.terminate(), lingerMs)
      webSocket.once('close', () => clearTimeout(hangUp))
    },
  }
}
