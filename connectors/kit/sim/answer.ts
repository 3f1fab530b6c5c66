import type { ServerResponse } from 'node:http'
import type { Random } from '../../../model/random.ts'
import { type Behaviour, chance } from './behaviour.ts'
import type { Receipts } from './receipts.ts'

/** JSON unless `contentType` says otherwise. */
export type SimAnswer = {
  status: number
  body: string
  contentType?: string
  headers?: Record<string, string>
}

/** What becomes of a send: `accepted` has receipts, and none is what was refused, or is no message. */
export type Decision<Accepted> = { answer: SimAnswer; accepted?: Accepted }

export type SendDesk<Accepted> = {
  behaviour: () => Behaviour
  random: Random
  audit: { fault(kind: string): void }
  receipts: Pick<Receipts<Accepted>, 'of'>
}

/**
 * Answers one send with the faults that were asked for. `refuse` is the provider's own refusal by a code that was
 * drawn; `decide` looks at the request.
 */
export function answerSend<Accepted>(
  desk: SendDesk<Accepted>,
  response: ServerResponse,
  refuse: (code: number) => Decision<Accepted>,
  decide: () => Decision<Accepted>,
): void {
  const { behaviour, random, audit, receipts } = desk
  const { resets, bareFaults, refusals } = behaviour()
  if (chance(random, resets)) {
    audit.fault('reset')
    response.socket?.resetAndDestroy()
  } else if (chance(random, bareFaults)) {
    audit.fault('bareFault')
    // Half of what ends in a 502 was taken: that is why it is uncertain.
    const { accepted } = chance(random, 0.5) ? decide() : {}
    reply(response, BAD_GATEWAY)
    if (accepted !== undefined) receipts.of(accepted)
  } else {
    const drawnRefusal = refusals.find(({ share }) => chance(random, share))
    const { answer, accepted } = drawnRefusal === undefined ? decide() : refuse(drawnRefusal.code)
    if (accepted === undefined) reply(response, answer)
    else answerAccepted(desk, accepted, answer, response)
  }
}

const BAD_GATEWAY: SimAnswer = {
  status: 502,
  contentType: 'text/html',
  body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
}

function answerAccepted<Accepted>(
  desk: SendDesk<Accepted>,
  accepted: Accepted,
  answer: SimAnswer,
  response: ServerResponse,
): void {
  const { behaviour, random, receipts } = desk
  const { early, answerMs } = behaviour()
  const [from, to] = answerMs
  const waitMs = to <= from ? from : from + (to - from) * random.fraction()
  const answered = faultyReply(desk, response) ?? (() => reply(response, answer))
  const write = waitMs > 0 ? () => void setTimeout(answered, waitMs) : answered
  if (chance(random, early)) {
    receipts.of(accepted, write)
  } else {
    write()
    receipts.of(accepted)
  }
}

/** What happens to the answer of an accepted message; undefined: it is simply written. */
function faultyReply<Accepted>(
  { behaviour, random, audit }: SendDesk<Accepted>,
  response: ServerResponse,
): (() => void) | undefined {
  const { dropAnswers, stalls, trickles } = behaviour()
  if (chance(random, dropAnswers)) {
    audit.fault('dropAnswer')
    return () => response.socket?.destroy()
  }
  if (chance(random, stalls)) {
    audit.fault('stall')
    return () => {}
  }
  if (!chance(random, trickles)) return undefined
  audit.fault('trickle')
  return () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
    response.write('{"')
  }
}

/** Writes an answer whole. */
export function reply(response: ServerResponse, { status, body, contentType, headers }: SimAnswer): void {
  if (response.destroyed) return
  response.writeHead(status, {
    'content-type': contentType ?? 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}
