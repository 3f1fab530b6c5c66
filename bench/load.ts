import { connect, type Socket } from 'node:net'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { answerQuestions } from './parts.ts'
import { makeRequests, type RequestPlan, type Requests } from './requests.ts'

/**
 * The load: raw sockets with keep-alive, one request in flight on each, requests made beforehand. A full HTTP client
 * (autocannon, undici) would take the core that the daemon's store needs, and the ratio would measure the client.
 */
export type LoadQuestions = {
  prepare: { input: RequestPlan; answer: { bytes: number } }
  run: { input: LoadRun; answer: Load }
}

export type LoadRun = {
  port: number
  connections: number
  /** No request starts later than this. */
  ms: number
  /** Whether the requests may be sent again when all were; otherwise the run ends early. */
  again: boolean
  /** No more than so many are started in a second, over all connections; absent: as many as are answered. */
  perSecond?: number
}

export type Load = {
  sent: number
  /** Answers by status code. */
  answers: Record<number, number>
  /** Connections that broke; what became of the request on them is not known. */
  broken: number
  ms: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

let requests: Requests = { bytes: Buffer.alloc(0), length: 0, count: 0 }

answerQuestions<LoadQuestions>({
  prepare: plan => {
    requests = makeRequests(plan)
    return { bytes: requests.bytes.length }
  },
  run,
})

/** `dueInMs`: until the next request may start; 0 is now. */
type Progress = { next: number; sent: number; endsAt: number; lastAnswerAt: number; dueInMs: () => number }

async function run({ port, connections, ms, again, perSecond = Infinity }: LoadRun): Promise<Load> {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  const answers: Record<number, number> = {}
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const startedAt = performance.now()
  const progress: Progress = {
    next: 0,
    sent: 0,
    endsAt: startedAt + ms,
    lastAnswerAt: startedAt,
    dueInMs: () => Math.max(0, startedAt + (progress.sent * 1000) / perSecond - performance.now()),
  }
  let broken = 0
  const take = (): Buffer | undefined => {
    if (progress.next >= requests.count && again) progress.next = 0
    if (progress.next >= requests.count || performance.now() >= progress.endsAt) return undefined
    const from = progress.next++ * requests.length
    return requests.bytes.subarray(from, from + requests.length)
  }
  const lanes = sockets.map(socket => drive(socket, take, progress, histogram, answers))
  for (const ended of await Promise.all(lanes)) if (ended === 'broken') broken++
  const took = progress.lastAnswerAt - startedAt
  const answered = Object.values(answers).reduce((sum, count) => sum + count, 0)
  return {
    sent: progress.sent,
    answers,
    broken,
    ms: took,
    perSecond: (answered / took) * 1000,
    p50Ms: histogram.percentile(50) / 1000,
    p99Ms: histogram.percentile(99) / 1000,
    maxMs: histogram.max / 1000,
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** One socket from its first request to its last answer. */
function drive(
  socket: Socket,
  take: () => Buffer | undefined,
  progress: Progress,
  histogram: RecordableHistogram,
  answers: Record<number, number>,
): Promise<'done' | 'broken'> {
  return new Promise(resolve => {
    let from = 0
    let partial: Buffer | undefined
    const next = (): void => {
      const dueInMs = progress.dueInMs()
      if (dueInMs > 0 && performance.now() + dueInMs < progress.endsAt) {
        // Others may be waiting for the same one: whoever is late waits for the one after it.
        setTimeout(next, dueInMs)
        return
      }
      const request = dueInMs > 0 ? undefined : take()
      if (request === undefined) {
        socket.end()
        resolve('done')
        return
      }
      progress.sent++
      from = performance.now()
      socket.write(request)
    }
    socket.on('data', (chunk: Buffer) => {
      const answer = partial === undefined ? chunk : Buffer.concat([partial, chunk])
      const status = statusOf(answer)
      if (status === undefined) {
        partial = answer
        return
      }
      partial = undefined
      const now = performance.now()
      progress.lastAnswerAt = now
      histogram.record(Math.max(1, Math.round((now - from) * 1000)))
      answers[status] = (answers[status] ?? 0) + 1
      next()
    })
    socket.on('error', () => resolve('broken'))
    socket.on('close', () => resolve('broken'))
    next()
  })
}

/** The status of a whole answer; undefined while some of it is missing. Needs a Content-Length, which both send. */
function statusOf(answer: Buffer): number | undefined {
  const head = answer.toString('latin1', 0, Math.min(answer.length, 4096))
  const end = head.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  const status = Number(head.slice(9, 12))
  if (length === null && status !== 204) throw new Error(`an answer without Content-Length:\n${head}`)
  return answer.length >= end + 4 + Number(length?.[1] ?? 0) ? status : undefined
}
