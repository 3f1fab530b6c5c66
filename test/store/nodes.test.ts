import { Client } from 'pg'
import { expect, test } from 'vitest'
import type { Change, Received } from '../../model/change.ts'
import { systemClock } from '../../model/clock.ts'
import type { LogEvent } from '../../model/event.ts'
import { type ChannelId, idMaker, type MessageId, type WorkspaceId } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import type { StoreWithMeta } from '../../store/meta.ts'
import { openPostgres } from '../../store/postgres/postgres.ts'
import { SchemaTooNew, StoreFailing } from '../../store/store.ts'
import { TABLES } from '../../store/tables.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'

const newId = idMaker(systemRandom)
const GROUP = 'whatsapp:1'
const DAY_MS = 86_400_000

type Node = AsyncDisposable & { store: StoreWithMeta; events: LogEvent[]; work: string[] }

async function node(url: string): Promise<Node> {
  const events: LogEvent[] = []
  const work: string[] = []
  const listener = {
    events: (batch: LogEvent[]) => events.push(...batch),
    work: (groups: string[]) => work.push(...groups),
  }
  const store = await openPostgres({ url, filesDir: null, clock: systemClock, listener })
  return { store, events, work, [Symbol.asyncDispose]: () => store.close() }
}

async function made({ store }: Node): Promise<{ workspace: WorkspaceId; channel: ChannelId }> {
  const [workspace, channel] = [newId('wks', Date.now()), newId('chn', Date.now())]
  const created: Change = {
    kind: 'channelCreated',
    id: channel,
    connector: 'whatsapp',
    name: 'Support',
    config: {},
    providerKey: '111',
    senderGroup: GROUP,
  }
  await store.commit({ workspace, changes: [{ kind: 'workspaceCreated', name: 'Acme' }, created] })
  return { workspace, channel }
}

function inbound(channel: ChannelId, key: string, from = '+5215512345678'): Received {
  const address = { kind: 'phone', value: from } as const
  const content = { type: 'text', text: key } as const
  return { kind: 'received', channel, key, providerId: key, at: 1, echo: false, address, also: [], content }
}

function outbound(channel: ChannelId, to: string): Change {
  return {
    kind: 'enqueued',
    channel,
    to: { kind: 'phone', value: to },
    content: { type: 'text', text: 'hola' },
    source: { kind: 'api', id: null },
    category: 'service',
    lane: 'normal',
    expiresAt: Date.now() + DAY_MS,
  }
}

const ASK = {
  group: GROUP,
  leaseMs: 30_000,
  limits: { reply: 100, normal: 100, bulk: 100 },
  horizonMs: 0,
  skip: [],
}
const numbers = (events: LogEvent[]): number[] => events.map(({ sequence }) => sequence)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describePostgres('several nodes on one database', () => {
  test('RULES A3, A7: each node tells what all of them commit, in order, without a gap', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    const nodes = [one, other]
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const { store } = nodes[index % 2] as Node
        await store.commit({
          workspace,
          changes: [inbound(channel, `m${index}`, `+52155000${index % 7}000`)],
        })
      }),
    )
    const log = await one.store.events(workspace, 0, 10_000)
    expect(numbers(log)).toEqual(upTo(log.length))
    for (const { events } of nodes) {
      await expect.poll(() => events.length, { timeout: 5000 }).toBe(log.length)
      expect(events.map(({ json }) => json)).toEqual(log.map(({ json }) => json))
    }
  })

  test('RULES A1, B4: two nodes that hear of a stranger at once make one contact', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    for (let person = 0; person < 20; person++) {
      const from = `+5215500000${100 + person}`
      const commit = ({ store }: Node, key: string) =>
        store.commit({ workspace, changes: [inbound(channel, `${key}${person}`, from)] })
      await Promise.all([commit(one, 'a'), commit(other, 'b')])
    }
    const page = { workspace, limit: 100 }
    expect(await one.store.query('contacts', page)).toHaveLength(20)
    expect(await one.store.query('conversations', { ...page, status: 'open' })).toHaveLength(20)
  })

  test('RULES B1: one delivery that reaches two nodes at once is one message', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const { store } = [one, other][index % 2] as Node
        return await store.commit({ workspace, changes: [inbound(channel, `m${index >> 1}`)] })
      }),
    )
    const ids = answers.map(({ outcomes: [outcome] }) => outcome?.ok === true && outcome.id)
    for (let pair = 0; pair < ids.length; pair += 2) expect(ids[pair]).toBe(ids[pair + 1])
    expect(await one.store.query('messages', { workspace, limit: 100 })).toHaveLength(20)
  })

  test('what one node has kept in memory and another changed is read anew', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    const conversations = new Set<string>()
    for (let round = 0; round < 6; round++) {
      const [hears, closes] = round % 2 === 0 ? [one, other] : [other, one]
      // Twice, so that the second finds what the first one kept.
      for (const key of ['a', 'b'])
        await hears.store.commit({ workspace, changes: [inbound(channel, `${key}${round}`)] })
      const open = await closes.store.query('conversations', { workspace, status: 'open', limit: 9 })
      expect(open).toHaveLength(1)
      const [conversation] = open
      if (conversation === undefined) throw new Error('none is open')
      conversations.add(conversation.id)
      await closes.store.commit({
        workspace,
        changes: [{ kind: 'closed', conversation: conversation.id, by: 'api' }],
      })
    }
    expect(conversations.size).toBe(6)
  })

  test('what one node takes for sending wakes the queue of the other', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    other.work.length = 0
    await one.store.commit({ workspace, changes: [outbound(channel, '+5215512345678')] })
    await expect.poll(() => other.work).toContain(GROUP)
  })

  test('RULES C3: of two nodes that claim at once, one gets the lease and all there is', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    const changes = Array.from({ length: 30 }, (_, index) => outbound(channel, `+52155123456${10 + index}`))
    await one.store.commit({ workspace, changes })
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        ([one, other][index % 2] as Node).store.claim({ ...ASK, holder: `node-${index % 2}` }),
      ),
    )
    const held = claims.filter(claim => claim.held)
    expect(new Set(held.map(({ fence }) => fence))).toEqual(new Set([1]))
    expect(held).toHaveLength(5)
    const taken = held.flatMap(({ items }) => items.map(({ message }) => message))
    expect([taken.length, new Set(taken).size]).toEqual([30, 30])
  })

  test('RULES C2, C4: an attempt and a takeover at once: uncertain, or never made', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    await using other = await node(database.url)
    const { workspace, channel } = await made(one)
    for (let round = 0; round < 20; round++) {
      const { outcomes } = await one.store.commit({
        workspace,
        changes: [outbound(channel, '+5215512345678')],
      })
      const message = (outcomes[0] as unknown as { id: MessageId }).id
      const first = await one.store.claim({ ...ASK, holder: `one-${round}`, leaseMs: 0 })
      if (!first.held) throw new Error('nobody else holds it')
      const lease = { group: GROUP, fence: first.fence }
      const attempt: Change = {
        kind: 'attempted',
        message,
        lease,
        part: 0,
        attempt: 1,
        parts: 1,
        queued: false,
      }
      const [attempted, second] = await Promise.all([
        one.store.commit({ workspace, changes: [attempt] }),
        other.store.claim({ ...ASK, holder: `other-${round}`, leaseMs: 0, orphanResolveMs: DAY_MS }),
      ])
      const isAttempted = attempted.outcomes[0]?.ok === true
      if (!second.held) throw new Error('the lease was over')
      expect(second.items.map(item => item.message)).toEqual(isAttempted ? [] : [message])
      const shown = await one.store.query('message', { workspace, id: message })
      expect(shown?.uncertain).toBe(isAttempted)
      await one.store.commit({ workspace, changes: [{ kind: 'cancelled', message }] })
    }
  })

  test('nodes that start at once on an empty database make one schema and one first workspace', async () => {
    await using database = await freshDatabase()
    const nodes = await Promise.all([1, 2, 3].map(() => node(database.url)))
    const first: Change = { kind: 'workspaceCreated', name: 'Main', first: true }
    const answers = await Promise.all(
      nodes.map(({ store }) => store.commit({ workspace: newId('wks', Date.now()), changes: [first] })),
    )
    expect(answers.filter(({ outcomes }) => outcomes[0]?.ok)).toHaveLength(1)
    expect(await nodes[0]?.store.query('workspaces', {})).toHaveLength(1)
    await Promise.all(nodes.map(({ store }) => store.close()))
  })
})

describePostgres('a database with faults', () => {
  test('RULES C7: a line that is cut costs what was on it; the next commit finds another', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    const { workspace, channel } = await made(one)
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    for (let round = 0; round < 3; round++) {
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      )
      await expect
        .poll(() =>
          one.store.commit({ workspace, changes: [inbound(channel, `m${round}`)] }).catch(() => null),
        )
        .toMatchObject({ outcomes: [{ ok: true }] })
    }
    await admin.end()
    await using other = await node(database.url)
    await other.store.commit({ workspace, changes: [inbound(channel, 'from another node')] })
    // The ear was cut off too: it hears again.
    const log = await other.store.events(workspace, 0, 1000)
    await expect.poll(() => numbers(one.events), { timeout: 10_000 }).toEqual(upTo(log.length))
  })

  test('who holds a lock for too long fails the commit, which says so and can be made again', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    const { workspace, channel } = await made(one)
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    await admin.query('BEGIN; LOCK TABLE workspaces')
    await expect(one.store.commit({ workspace, changes: [inbound(channel, 'm1')] })).rejects.toThrow(
      StoreFailing,
    )
    await admin.query('ROLLBACK')
    await admin.end()
    await one.store.commit({ workspace, changes: [inbound(channel, 'm1')] })
    expect(await one.store.query('messages', { workspace, limit: 9 })).toHaveLength(1)
  })

  test('text that no database holds (NUL, half a character) breaks nothing, and is found again', async () => {
    await using database = await freshDatabase()
    await using one = await node(database.url)
    const { workspace, channel } = await made(one)
    const strange: Received = { ...inbound(channel, 'a\0b\ud800', '+52\x0d5\ud800'), name: 'An\0a\udfff' }
    const first = await one.store.commit({ workspace, changes: [strange] })
    const again = await one.store.commit({ workspace, changes: [strange] })
    const other = { ...strange, key: 'c\0', providerId: 'c\0' }
    const next = await one.store.commit({ workspace, changes: [other] })
    expect([first, again, next].map(({ outcomes }) => outcomes[0])).toMatchObject([
      { ok: true },
      { ok: true, duplicate: true },
      { ok: true },
    ])
    expect(await one.store.query('contacts', { workspace, limit: 9 })).toHaveLength(1)
  })

  test('a newer schema is refused with a word that says so', async () => {
    await using database = await freshDatabase()
    await (await node(database.url)).store.close()
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    await admin.query('INSERT INTO schema_version VALUES (99)')
    await expect(node(database.url)).rejects.toThrow(SchemaTooNew)
    await admin.end()
  })

  test('the migrations end at the tables that the code knows', async () => {
    await using database = await freshDatabase()
    await (await node(database.url)).store.close()
    const admin = new Client({ connectionString: database.url })
    await admin.connect()
    for (const { name, columns } of Object.values(TABLES)) {
      const { rows } = await admin.query(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_name = $1 ORDER BY ordinal_position`,
        [name],
      )
      const own = name === 'workspaces' ? ['version'] : ['key_hash']
      const fields = rows.map(row => row.name).filter(field => !own.includes(field))
      const wanted = Object.keys(columns).map(field =>
        field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
      )
      expect([name, fields]).toEqual([name, wanted])
    }
    await admin.end()
  })
})
