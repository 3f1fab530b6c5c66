import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN } from '../crash/life.ts'

/** A follower of one node's live events, who comes again with the last number it has, as a CRM does. */
export type Reader = AsyncDisposable & {
  /** What it was given, as it came: the number of each event, and its JSON. */
  readonly given: { sequence: number; json: string }[]
  /** How often a stream ended under it. */
  ends(): number
}

/** @param url where the node listens now; it may be another address after each start, or none */
export function startReader(url: () => string | undefined): Reader {
  const given: Reader['given'] = []
  const stopping = new AbortController()
  let ends = 0
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const at = url()
      if (at !== undefined) {
        await readStream(at, given, stopping.signal).catch(() => {})
        ends += 1
      }
      await sleep(AGAIN_MS)
    }
  }
  const following = follow()
  return {
    given,
    ends: () => ends,
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await following
    },
  }
}

const AGAIN_MS = 50

async function readStream(url: string, given: Reader['given'], signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${url}/v1/events`, {
    headers: {
      authorization: `Bearer ${TOKEN}`,
      accept: 'text/event-stream',
      'last-event-id': String(given.at(-1)?.sequence ?? 0),
    },
    signal,
  })
  if (answer.status !== 200 || answer.body === null)
    throw new Error(`the stream was answered ${answer.status}`)
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, id] = /^id: (\d+)$/m.exec(block) ?? []
      const [, json] = /^data: (.*)$/m.exec(block) ?? []
      // A heartbeat, the pause before coming again, or word that it was dropped: not an event.
      if (id !== undefined && json !== undefined) given.push({ sequence: Number(id), json })
    }
  }
}

/** RULES A3, A5, A7: what a node told live is the whole log, each number once and in order. */
export function readerFaults(node: string, { given }: Reader, log: readonly object[]): string[] {
  const gap = given.findIndex(({ sequence }, index) => sequence !== index + 1)
  const unlike = given.findIndex(
    ({ json }, index) => JSON.stringify(JSON.parse(json)) !== JSON.stringify(log[index]),
  )
  return [
    ...(gap === -1 ? [] : [`${node} told ${given[gap]?.sequence} live where ${gap + 1} should be`]),
    ...(given.length === log.length ? [] : [`${node} told ${given.length} events live of ${log.length}`]),
    ...(gap === -1 && unlike !== -1 ? [`${node} told event ${unlike + 1} live as another`] : []),
  ]
}
