import { expect } from 'vitest'
import type { CloudEvent } from '../../model/event.ts'
import { TOKEN } from '../gateway/daemon.ts'

/** A subscriber by SSE, as a CRM is one. */
export type Subscriber = AsyncDisposable & {
  /** What came so far, in the order it came. */
  readonly events: CloudEvent[]
  /** Waits for the first event that fits. */
  event(what: string, fits: (event: CloudEvent) => boolean): Promise<CloudEvent>
  ofMessage(id: string): CloudEvent[]
}

/** @param after resumes after this number, by `Last-Event-ID` */
export async function subscribe(url: string, after = 0): Promise<Subscriber> {
  const gone = new AbortController()
  const events: CloudEvent[] = []
  const answer = await fetch(`${url}/v1/events`, {
    headers: {
      authorization: `Bearer ${TOKEN}`,
      accept: 'text/event-stream',
      'last-event-id': String(after),
    },
    signal: gone.signal,
  })
  expect(answer.status).toBe(200)
  const reading = collect(answer.body as ReadableStream<Uint8Array>, events).catch(() => {
    // We hung up, or the daemon stopped.
  })
  return {
    events,
    event: async (what, fits) => {
      await expect.poll(() => events.some(fits), { timeout: 10_000, message: what }).toBe(true)
      return events.find(fits) as CloudEvent
    },
    ofMessage: id => events.filter(({ subject }) => subject === id),
    [Symbol.asyncDispose]: async () => {
      gone.abort()
      await reading
    },
  }
}

async function collect(body: ReadableStream<Uint8Array>, events: CloudEvent[]): Promise<void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').find(line => line.startsWith('data: '))
      if (data !== undefined) events.push(JSON.parse(data.slice('data: '.length)) as CloudEvent)
    }
  }
}
