import { randomUUID } from 'node:crypto'
import { systemClock } from '../../model/clock.ts'
import type { Message } from '../../model/message.ts'
import type { Status } from '../../model/status.ts'
import { channelNamed } from './channel.ts'
import { type Client, clientOf, Unanswered } from './client.ts'
import { readInput } from './input.ts'
import { type Call, type ExitCode, numberOf, UsageError } from './usage.ts'

/** What the API answers of a message, as far as it is looked at here. */
type Sent = Pick<Message, 'id' | 'status' | 'failure'> & { statusTimes: Record<string, string> }

/** `omnibus send`: one message, and with `--wait` what becomes of it. */
export async function send(call: Call): Promise<ExitCode> {
  const { own, json } = call
  const seconds = numberOf(call, '--timeout') ?? 60
  const content = await contentOf(call)
  if (['--to', '--contact', '--conversation'].every(name => own[name] === undefined)) {
    throw new UsageError('send needs --to <address>, --contact <id> or --conversation <id>')
  }
  const client = clientOf(call)
  const named = own['--channel']
  const body = {
    ...(named === undefined ? {} : { channel: (await channelNamed(client, named)).id }),
    ...given(own, { to: '--to', contact: '--contact', conversation: '--conversation' }),
    content,
  }
  const headers = { 'idempotency-key': own['--key'] ?? randomUUID() }
  const message = await client.ask<Sent>('POST', '/v1/messages', { body, headers })
  const say = json ? () => {} : (line: string) => console.log(line)
  say(message.id)
  if (!('--wait' in own)) {
    if (json) console.log(JSON.stringify(message, null, 2))
    return 0
  }
  const until = (own['--until'] ?? 'received') as Status
  const { last, reached } = await followed(client, message, { until, seconds, say })
  if (json) console.log(JSON.stringify(last, null, 2))
  if (last.status === 'failed')
    console.error(`omnibus: failed: ${last.failure?.code} (${last.failure?.detail})`)
  else if (!reached) console.error(`omnibus: it is ${last.status} after ${seconds} s, not ${until}`)
  return reached ? 0 : 1
}

/** A text, a template, or JSON as it is. @throws UsageError for none or several of them */
async function contentOf({ words, own }: Call): Promise<unknown> {
  const [text] = words
  const { '--template': template, '--json-content': file } = own
  if ([text, template, file].filter(value => value !== undefined).length !== 1) {
    throw new UsageError('send needs one of a text, --template <name> and --json-content <file>')
  }
  if (text !== undefined)
    return { type: 'text', text: text === '-' ? (await readInput('-')).trimEnd() : text }
  if (file !== undefined) return parsed(await readInput(file), '--json-content')
  const { '--language': language, '--parameters': parameters } = own
  if (language === undefined) throw new UsageError('--template needs --language <code>')
  return {
    type: 'template',
    name: template,
    language,
    ...(parameters === undefined ? {} : { parameters: parsed(parameters, '--parameters') }),
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`)
  }
}

function given(own: Call['own'], names: Readonly<Record<string, string>>): Record<string, string> {
  const found = Object.entries(names).map(([field, flag]) => [field, own[flag]] as const)
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

const LADDER = ['pending', 'sent', 'received', 'read'] as const
const LOOK_MS = 300

/** Looks until the message has come so far, failed, or the time is over; says each status once. */
async function followed(
  client: Client,
  message: Sent,
  { until, seconds, say }: { until: Status; seconds: number; say: (line: string) => void },
): Promise<{ last: Sent; reached: boolean }> {
  const end = systemClock.monotonic() + seconds * 1000
  const said = new Set<string>()
  for (let last = message; ; ) {
    for (const status of [...LADDER, 'failed']) {
      const at = last.statusTimes[status]
      if (at === undefined || said.has(status)) continue
      said.add(status)
      say(`${at}  ${status}`)
    }
    const rank = (status: string | null): number => LADDER.indexOf(status as (typeof LADDER)[number])
    const reached = rank(last.status) >= rank(until)
    if (reached || last.status === 'failed' || systemClock.monotonic() >= end) return { last, reached }
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    // A daemon that restarts meanwhile has not forgotten the message.
    last = await client.ask<Sent>('GET', `/v1/messages/${message.id}`).catch((error: unknown) => {
      if (error instanceof Unanswered) return last
      throw error
    })
  }
}
