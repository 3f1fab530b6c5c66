import { expect, test } from 'vitest'
import type { Change } from '../../model/change.ts'
import type { MessageId } from '../../model/ids.ts'
import { describePostgres, freshDatabase } from '../postgres.ts'
import { ASK, DAY_MS, GROUP, inbound, made, type Node, newId, node, numbers, outbound, upTo } from './node.ts'

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
