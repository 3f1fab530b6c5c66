import type { Channel } from '../../model/channel.ts'
import { channelNamed } from './channel.ts'
import { type Client, clientOf, Unanswered } from './client.ts'
import { eventLine, type TailEvent } from './event-line.ts'
import { untilSignal } from './signals.ts'
import { type Call, type ExitCode, numberOf, Refused, UsageError } from './usage.ts'

/**
 * `omnibus tail`: every event, once and in order. A connection that ends is opened again behind the last number that
 * was printed, so a restart of the daemon leaves no gap.
 */
export async function tail(call: Call): Promise<ExitCode> {
  const after = numberOf(call, '--after')
  const count = numberOf(call, '--count') ?? Number.POSITIVE_INFINITY
  if (count < 1) throw new UsageError('--count must be at least 1')
  const types = call.own['--type']
  const client = clientOf(call)
  const named = call.own['--channel']
  const channel = named === undefined ? undefined : await channelNamed(client, named)
  const isWanted = wanted(types, channel?.id)
  const line = eventLine(await namesOf(client, call.json))
  const stop = new AbortController()
  let code: ExitCode = 0
  void untilSignal().first.then(signal => {
    code = signal === 'SIGINT' ? 130 : 0
    stop.abort()
  })
  // `omnibus tail | head`: whoever has seen enough closes the pipe.
  process.stdout.once('error', () => stop.abort())
  let left = count
  for await (const event of events(client, after, stop.signal)) {
    if (!isWanted(event)) continue
    console.log(call.json ? JSON.stringify(event) : line(event))
    left -= 1
    if (left === 0) stop.abort()
  }
  return code
}

/** Names of channels by id, for lines that people read. A channel made later is shown by its id. */
async function namesOf(client: Client, json: boolean): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  if (!json) for await (const { id, name } of client.all<Channel>('/v1/channels')) names.set(id, name)
  return names
}

/** `--type message.*,conversation.closed` and `--channel`. */
function wanted(types: string | undefined, channel: string | undefined): (event: TailEvent) => boolean {
  const patterns = types?.split(',').map(text => text.trim())
  const ofType = (type: string): boolean =>
    patterns === undefined ||
    patterns.some(one => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : type === one))
  return ({ type, subject, data }) =>
    ofType(type) && (channel === undefined || data['channel'] === channel || subject === channel)
}

const RETRY_MS_MIN = 500
const RETRY_MS_MAX = 15_000

/** Events until `signal` fires. The first connection must succeed; a later one that does not is tried again. */
async function* events(
  client: Client,
  from: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<TailEvent> {
  let after = from?.toString()
  let wait = RETRY_MS_MIN
  let [connected, lost] = [false, false]
  while (!signal.aborted) {
    let why = 'the connection was closed'
    try {
      for await (const { id, event, data } of connection(client, after, signal)) {
        if (lost) console.error('omnibus: connected again')
        ;[connected, lost, wait] = [true, false, RETRY_MS_MIN]
        if (id !== undefined) after = id
        if (data === '' || event === 'dropped') continue
        yield JSON.parse(data) as TailEvent
        if (signal.aborted) return
      }
    } catch (error) {
      if (signal.aborted) return
      // Refused for good: a wrong token, a log that was trimmed.
      if (!connected || (error instanceof Refused && !(error instanceof Unanswered))) throw error
      why = error instanceof Unanswered ? error.message : 'the connection was lost'
    }
    if (!lost) console.error(`omnibus: ${why}; trying again`)
    lost = true
    await pause(wait, signal)
    wait = Math.min(wait * 2, RETRY_MS_MAX)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The daemon says every 15 s that it lives. */
const SILENT_MS = 45_000

type Block = { id: string | undefined; event: string | undefined; data: string }

/** One connection, as blocks of https://html.spec.whatwg.org/multipage/server-sent-events.html. */
async function* connection(
  client: Client,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Block> {
  const silent = new AbortController()
  const alarm = setTimeout(() => silent.abort(), SILENT_MS)
  try {
    const answer = await client.open('/v1/events', {
      headers: { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': after }) },
      signal: AbortSignal.any([signal, silent.signal]),
    })
    yield { id: answer.headers.get('last-event-id') ?? undefined, event: undefined, data: '' }
    let rest = ''
    for await (const chunk of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      alarm.refresh()
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      yield* blocks.map(blockOf)
    }
  } finally {
    clearTimeout(alarm)
  }
}

function blockOf(text: string): Block {
  const field = (name: string): string | undefined =>
    text
      .split('\n')
      .filter(line => line.startsWith(`${name}: `))
      .map(line => line.slice(name.length + 2))
      .at(-1)
  return { id: field('id'), event: field('event'), data: field('data') ?? '' }
}
