import { get } from 'node:http'
import { createHistogram } from 'node:perf_hooks'
import { answerQuestions } from './parts.ts'
import { ASKED } from './webhooks.ts'

/** A reader of the log by SSE, as a CRM would be: it counts what it sees and how late it sees it. */
export type ReaderQuestions = {
  /** Answers when the stream is open. */
  follow: { input: { port: number; token: string }; answer: undefined }
  seen: { input: undefined; answer: Seen }
  /** Forgets the lags, not the counts. */
  forgetLags: { input: undefined; answer: undefined }
  /** Answers whether so much was seen within the time. */
  until: { input: { created?: number; sent?: number; withinMs: number }; answer: boolean }
}

export type Seen = {
  events: number
  /** The last sequence; without gaps it is the number of events. */
  sequence: number
  gaps: number
  repeats: number
  /** How often the stream ended and was resumed. */
  resumed: number
  /** Inbound messages, and how many of them are different ones. */
  created: number
  distinct: number
  /** Outbound messages that were told `sent`, each once. */
  sent: number
  /** From the time in the event to its arrival here. */
  lagP50Ms: number
  lagP99Ms: number
}

const seen = { events: 0, sequence: 0, gaps: 0, repeats: 0, resumed: 0, created: 0 }
const distinct = new Set<number>()
const sent = new Set<string>()
const lags = createHistogram({ lowest: 1, highest: 600_000, figures: 3 })

answerQuestions<ReaderQuestions>({
  follow: async ({ port, token }) => {
    await follow(port, token)
    return undefined
  },
  seen: () => ({
    ...seen,
    distinct: distinct.size,
    sent: sent.size,
    lagP50Ms: lags.percentile(50),
    lagP99Ms: lags.percentile(99),
  }),
  forgetLags: () => {
    lags.reset()
    return undefined
  },
  until: async ({ created = 0, sent: outbound = 0, withinMs }) => {
    const endsAt = performance.now() + withinMs
    while (seen.created < created || sent.size < outbound) {
      if (performance.now() > endsAt) return false
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    return true
  },
})

function follow(port: number, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      'last-event-id': String(seen.sequence),
    }
    const request = get({ host: '127.0.0.1', port, path: '/v1/events', headers, agent: false }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`/v1/events answered ${answer.statusCode}`))
      let rest = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        const now = Date.now()
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line.startsWith('data:')) read(line, now)
      })
      answer.on('close', () => {
        seen.resumed++
        setTimeout(() => follow(port, token).catch(() => {}), 50)
      })
      resolve()
    })
    request.on('error', reject)
  })
}

/**
 * Picks five things out of an event without parsing it whole: this process shares two cores with what it watches.
 * The envelope comes before `data` in the text, so the first of each name is the envelope's.
 */
function read(line: string, now: number): void {
  const sequence = Number(field(line, '"sequence":', ','))
  // Not an event of the log but a word of the stream: it drops us, and we resume.
  if (sequence === 0) return
  seen.events++
  if (sequence <= seen.sequence) seen.repeats++
  else seen.gaps += sequence - seen.sequence - 1
  seen.sequence = Math.max(seen.sequence, sequence)
  lags.record(Math.max(1, now - Date.parse(field(line, '"time":"', '"'))))
  const type = field(line, '"type":"', '"')
  if (type === 'message.created') {
    const number = field(line, ASKED.before, ASKED.after)
    if (number !== '') {
      seen.created++
      distinct.add(Number(number))
    }
  } else if (type === 'message.status' && line.includes('"status":"sent"')) {
    sent.add(field(line, '"subject":"', '"'))
  }
}

function field(line: string, before: string, after: string): string {
  const at = line.indexOf(before)
  return at < 0 ? '' : line.slice(at + before.length, line.indexOf(after, at + before.length))
}
