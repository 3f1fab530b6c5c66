import { parseArgs } from 'node:util'
import { connectors } from './connectors.ts'
import { contacts } from './contacts.ts'
import { STORES, type StoreName } from './daemon.ts'
import { idle } from './idle.ts'
import { ingest } from './ingest.ts'
import { killAllOnExit } from './parts.ts'
import { hasPassed, print, type Report } from './report.ts'
import { send } from './send.ts'
import { soak } from './soak.ts'
import { webchat } from './webchat.ts'

const HELP = `npm run bench -- <ingest | connectors | send | soak | idle | webchat | contacts> [--json]
                  [--rounds 5] [--seconds 5] [--connections 64] [--store postgres] [--minutes 10]
                  [--sockets 10000] [--people 1000000]

  ingest     signed WhatsApp webhooks against a bare route; at 64 and 256 connections unless told
  connectors signed texts of the other providers against WhatsApp's, each in its turn, on --store
  send       queued messages to a simulated provider against a bare undici loop
  soak       both at half of what the machine takes, on --store postgres: do dead rows stay few
  webchat    replies and events in visitors' pages, and what --sockets idle ones cost (10,000)
  contacts   a file of --people (1,000,000) is imported while 2,000 webhooks a second come in; then as many
             are found by segments over a tag, a field and the last seen, and by search
  idle       start, memory and CPU of a daemon that has nothing to do

Every figure is compared with a ceiling taken in the same run; never compare two runs. Load, provider, reader
and daemon are processes of their own. With --store postgres, ingest and send take turns between a daemon on
the embedded store and one on a database of its own, which is made on the server that OMNIBUS_BENCH_POSTGRES
names and dropped at the end; memory is the daemon's, without the server's. Exit code 1 if a bar was missed or
a message was lost or doubled.
`

/** Bounds, so that a slip of a key does not fill the disk. */
const MAX = { rounds: 50, seconds: 60, connections: 4096, minutes: 120, sockets: 18_000, people: 5_000_000 }

function wholeNumber(name: keyof typeof MAX, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (!Number.isInteger(value) || value < 1 || value > MAX[name]) {
    throw new Error(`--${name} must be a whole number from 1 to ${MAX[name]}`)
  }
  return value
}

async function main(): Promise<Report | undefined> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      minutes: { type: 'string' },
      sockets: { type: 'string' },
      people: { type: 'string' },
      store: { type: 'string', default: 'sqlite' },
    },
  })
  const rounds = wholeNumber('rounds', values.rounds, 5)
  const seconds = wholeNumber('seconds', values.seconds, 5)
  const connections = wholeNumber('connections', values.connections, 64)
  const minutes = wholeNumber('minutes', values.minutes, 10)
  const store = STORES.find(name => name === values.store)
  if (store === undefined) throw new Error(`--store must be ${STORES.join(' or ')}`)
  const stores: StoreName[] = store === 'sqlite' ? ['sqlite'] : ['sqlite', store]
  const benches: Record<string, () => Promise<Report>> = {
    ingest: () => {
      const counts = values.connections === undefined ? [64, 256] : [connections]
      return ingest({ rounds, seconds, connections: counts, stores })
    },
    connectors: () => connectors({ rounds, seconds, connections, store }),
    send: () => send({ rounds, seconds, connections, stores }),
    soak: () => soak({ store, minutes, connections }),
    idle,
    contacts: () => contacts({ people: wholeNumber('people', values.people, 1_000_000), stores: [store] }),
    webchat: () => webchat({ seconds, sockets: wholeNumber('sockets', values.sockets, 10_000) }),
  }
  const chosen = benches[positionals[0] ?? '']
  if (chosen === undefined || positionals.length > 1) return undefined
  const report = await chosen()
  print(report, values.json)
  return report
}

killAllOnExit()
try {
  const report = await main()
  if (report === undefined) console.error(HELP)
  process.exit(report !== undefined && hasPassed(report) ? 0 : report === undefined ? 2 : 1)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
