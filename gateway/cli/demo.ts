import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Simulator } from '../../connectors/kit/sim/simulation.ts'
import type { Channel } from '../../model/channel.ts'
import type { Message } from '../../model/message.ts'
import { type Config, loadConfig } from '../config.ts'
import { createDaemon, type Daemon } from '../gateway.ts'
import { createLog } from '../log.ts'
import { type Client, openClient } from './client.ts'
import { eventLine, type TailEvent } from './event-line.ts'
import { answerTo, startPeople } from './people.ts'
import { refusal } from './serve.ts'
import { untilSignal } from './signals.ts'
import { channelOf, misbehave, type Simulated, simulated } from './simulators.ts'
import { faultsOf, mixOf } from './traffic.ts'
import { type Call, type ExitCode, numberOf, UsageError } from './usage.ts'

const PACE_S = 3

/**
 * `omnibus demo`: a daemon, every simulated provider connected to it, people who write and somebody who answers. It
 * reads no configuration but its flags, so that no real store ever gets a simulated channel.
 */
export async function demo(call: Call): Promise<ExitCode> {
  const paceMs = (numberOf(call, '--pace') ?? PACE_S) * 1000
  const [mix, faults] = [mixOf(call), faultsOf(call)]
  if (paceMs === 0) throw new UsageError('--pace must be at least 1')
  const kept = call.own['--data-dir']
  const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'omnibus-demo-'))
  const signals = untilSignal()
  const stops: (() => unknown)[] = []
  try {
    const providers: Provider[] = []
    for (const one of await simulated()) {
      const simulator = await one.simulation.start({ port: 0 })
      stops.push(() => simulator.stop())
      misbehave(simulator, one.title, faults)
      providers.push({ ...one, simulator })
    }
    const simulators = providers.map(({ simulator }) => simulator)
    const config = configOf(call, dataDir, providers)
    const log = createLog('warn', pino.destination({ fd: 2, sync: true }))
    const daemon = await createDaemon(config, { log }).catch((error: unknown) => {
      throw refusal(error, config)
    })
    stops.push(() => daemon.stop())
    console.log(welcome(daemon, config, kept))
    const client = openClient(daemon.url, config.adminToken ?? '')
    await subscribeAll(client, providers)
    const people = startPeople(simulators, paceMs, mix)
    const agent = startAgent(client, paceMs / 2, await headOf(daemon))
    stops.push(() => people.stop(), agent.stop)
    await signals.first
    return 0
  } finally {
    for (const stop of stops.toReversed()) await stop()
    if (kept === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
}

type Provider = Simulated & { simulator: Simulator }

/** Each provider calls the channel that was declared for it by that channel's own URL. */
async function subscribeAll(client: Client, providers: readonly Provider[]): Promise<void> {
  for await (const { connector, webhookUrl } of client.all<Channel>('/v1/channels')) {
    const provider = providers.find(one => one.connector === connector)
    if (provider !== undefined && webhookUrl !== null) await provider.simulator.subscribe(webhookUrl)
  }
}

/** A token of this run: while one is configured it counts, whatever the data directory knows. */
function configOf({ own }: Call, dataDir: string, providers: readonly Provider[]): Config {
  const { '--port': port } = own
  const flags = { '--data-dir': dataDir, ...(port === undefined ? {} : { '--port': port }) }
  const { config } = loadConfig({ env: {}, flags, withoutFile: true })
  const channels = providers.map(one => channelOf(one, one.simulator.url))
  const site = { connector: 'webchat', name: 'Website', config: { origins: [] }, workspace: null }
  return {
    ...config,
    channels: [...channels, site],
    adminToken: `omnibus_${randomBytes(32).toString('base64url')}`,
  }
}

function welcome({ url, demoUrl }: Daemon, { adminToken }: Config, kept: string | undefined): string {
  const where = kept ?? 'a temporary directory, gone at the end'
  return `
Omnibus listens at ${url}: people write through simulated providers and are answered. Ctrl-C ends it.
Everything is in ${where}.

  ${demoUrl}
  is a website with a chat: you are a visitor there, and are answered too.

  ${url}/docs     the API
  ${url}/metrics  figures

In another terminal:

  export OMNIBUS_URL='${url}' OMNIBUS_TOKEN='${adminToken}'
  omnibus tail          # npm start -- tail
  omnibus channel list
  curl -s "$OMNIBUS_URL/v1/conversations" -H "authorization: Bearer $OMNIBUS_TOKEN"
`
}

async function headOf({ store, workspace }: Daemon): Promise<number> {
  const all = await store.query('workspaces', {})
  return all.find(({ id }) => id === workspace)?.head ?? 0
}

const LOOK_MS = 500

/** Answers each message that comes in after a while, as a client of the API, and prints what happens to messages. */
function startAgent(client: Client, afterMs: number, head: number): { stop(): Promise<void> } {
  let after = head
  const answers = new Set<NodeJS.Timeout>()
  const answer = async (conversation: string, said: string): Promise<void> => {
    const content = { type: 'text', text: answerTo(said) }
    await client.ask('POST', '/v1/messages', { body: { conversation, content } })
  }
  const look = async (line: (event: TailEvent) => string): Promise<void> => {
    const page = await client.ask<{ data: TailEvent[]; next: number }>('GET', '/v1/events', {
      query: { after: String(after) },
    })
    after = page.next
    for (const event of page.data) {
      if (event.type.startsWith('message.')) console.log(line(event))
      const { direction, conversation, content } = event.data as Partial<Message>
      if (event.type !== 'message.created' || direction !== 'inbound' || conversation == null) continue
      const timer = setTimeout(() => {
        answers.delete(timer)
        void answer(conversation, content?.type === 'text' ? content.text : '').catch(tell)
      }, afterMs)
      answers.add(timer)
    }
  }
  const stopping = new AbortController()
  const work = async (): Promise<void> => {
    const line = eventLine(await channelNames(client))
    while (!stopping.signal.aborted) {
      await look(line).catch(tell)
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    }
  }
  const working = work().catch(tell)
  return {
    stop: async () => {
      stopping.abort()
      for (const timer of answers) clearTimeout(timer)
      await working
    },
  }
}

async function channelNames(client: Client): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  for await (const { id, name } of client.all<Channel>('/v1/channels')) names.set(id, name)
  return names
}

function tell(error: unknown): void {
  console.error(`omnibus: ${error instanceof Error ? error.message : String(error)}`)
}
