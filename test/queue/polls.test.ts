import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Deliver, Inbound, Io } from '../../connectors/connector.ts'
import { SendFailure } from '../../model/failure.ts'
import { advance, createRig, type Rig, type RigOptions } from './rig.ts'

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A provider that is asked for updates above a number, and holds the question until there is one. */
function provider() {
  const updates: string[] = []
  const runs: (string | undefined)[] = []
  const waiting = new Set<() => void>()
  let trouble: Error | undefined
  const news = (signal: AbortSignal): Promise<void> =>
    new Promise(resolve => {
      const heard = (): void => {
        waiting.delete(heard)
        resolve()
      }
      waiting.add(heard)
      signal.addEventListener('abort', heard, { once: true })
    })
  const run = async (_config: never, from: string | undefined, deliver: Deliver, { signal }: Io) => {
    runs.push(from)
    let next = Number(from ?? 0)
    while (!signal.aborted) {
      if (trouble !== undefined) throw trouble
      const found = updates.slice(next)
      if (found.length === 0) await news(signal)
      else {
        await deliver(found.map(itemOf), String(next + found.length))
        next += found.length
      }
    }
  }
  return {
    poll: { enabled: () => true, run } satisfies RigOptions['poll'],
    runs,
    tell: (...texts: string[]) => {
      updates.push(...texts)
      for (const heard of [...waiting]) heard()
    },
    fail: (error: Error | undefined) => {
      trouble = error
      for (const heard of [...waiting]) heard()
    },
  }
}

function itemOf(text: string): Inbound {
  if (text === 'odd') return { to: 'one', kind: 'rejected', why: 'oddShape', raw: '{"odd":true}' }
  return {
    ...{
      to: text === 'elsewhere' ? 'two' : 'one',
      kind: 'message',
      key: text,
      providerId: text,
      at: 1_700_000_000_000,
    },
    ...{ address: { kind: 'telegram', value: '7' }, content: { type: 'text', text } },
    ...(text === 'tap' && { answer: 'callback-1' }),
  }
}

async function said({ store, workspace }: Rig): Promise<string[]> {
  const messages = await store.query('messages', { workspace, limit: 100, direction: 'inbound' })
  return messages.map(({ content }) => (content.type === 'text' ? content.text : content.type)).toReversed()
}

const position = ({ store, workspace, channel }: Rig) => store.query('pollPosition', { workspace, channel })

async function begun(rig: Rig): Promise<void> {
  rig.queue.changed([...rig.directory.all()].map(({ senderGroup }) => senderGroup))
  await rig.until('begun', async () => (await rig.store.query('groups', {})) !== undefined)
}

test('what was found is kept once, and the next process goes on behind it', async () => {
  const telegram = provider()
  await using rig = await createRig({ advance, poll: telegram.poll })
  await begun(rig)
  telegram.tell('a', 'b')
  await rig.until('both', async () => (await said(rig)).length === 2)
  telegram.tell('c')
  await rig.until('the third', async () => (await position(rig)) === '3')
  await rig.queue.stop()
  telegram.tell('d')
  rig.another('here').changed([])
  await rig.until('the fourth', async () => (await said(rig)).length === 4)
  expect([await said(rig), telegram.runs]).toEqual([
    ['a', 'b', 'c', 'd'],
    [undefined, '3'],
  ])
})

test('what cannot be read is kept, what is for another is not, and a tap is answered', async () => {
  const telegram = provider()
  const answered: unknown[] = []
  const act = async (action: unknown): Promise<void> => {
    answered.push(action)
  }
  await using rig = await createRig({ advance, poll: telegram.poll, act })
  await begun(rig)
  telegram.tell('odd', 'elsewhere', 'tap')
  await rig.until('all three', async () => (await position(rig)) === '3')
  expect(await said(rig)).toEqual(['tap'])
  const { workspace, channel } = rig
  const [kept] = await rig.store.query('rejected', { workspace, channel, limit: 9 })
  expect(kept).toMatchObject({ why: 'oddShape', size: 12 })
  expect(answered).toMatchObject([{ kind: 'answer', payload: 'callback-1' }])
})

test('a poll that fails is begun again ever more slowly, and its health is told', async () => {
  const telegram = provider()
  telegram.fail(new SendFailure({ code: 'credentials' }))
  await using rig = await createRig({ advance, poll: telegram.poll })
  const health = async () => (await rig.store.query('channels', {}))[0]?.health.state
  await begun(rig)
  await rig.until('failing', async () => (await health()) === 'failing')
  await advance(60_000)
  const tries = telegram.runs.length
  expect(tries).toBeLessThan(40)
  await advance(600_000)
  expect(telegram.runs.length - tries).toBeLessThan(20)
  telegram.fail(undefined)
  telegram.tell('back')
  await rig.until('back', async () => (await said(rig)).length === 1, 900_000)
  await rig.until('well', async () => (await health()) === 'ok')
})

test('a paused channel is not asked for, and a resumed one goes on', async () => {
  const telegram = provider()
  await using rig = await createRig({ advance, poll: telegram.poll })
  const set = (status: 'active' | 'paused'): void => {
    const known = rig.directory.get(rig.channel)
    if (known !== undefined) rig.directory.set({ ...known, status })
    rig.queue.changed(['test:one'])
  }
  await begun(rig)
  telegram.tell('a')
  await rig.until('the first', async () => (await said(rig)).length === 1)
  set('paused')
  await advance(100)
  telegram.tell('b')
  await advance(5000)
  expect(await said(rig)).toEqual(['a'])
  set('active')
  await rig.until('the second', async () => (await said(rig)).length === 2)
  expect(telegram.runs).toEqual([undefined, '1'])
})

test('RULES C3, C4: without the lease nothing is polled, and the position does not move', async () => {
  const telegram = provider()
  let isTaken = false
  await using rig = await createRig({
    advance,
    poll: telegram.poll,
    needs: ({ store }) => ({
      store: {
        ...store,
        claim: async request =>
          isTaken && request.holder === 'here'
            ? { held: false, until: Date.now() + 1000 }
            : await store.claim(request),
      },
    }),
  })
  await begun(rig)
  telegram.tell('a')
  await rig.until('the first', async () => (await said(rig)).length === 1)
  isTaken = true
  await advance(5000)
  telegram.tell('b')
  await advance(5000)
  expect([await said(rig), telegram.runs]).toEqual([['a'], [undefined]])
  isTaken = false
  await rig.until('the second', async () => (await said(rig)).length === 2)
  expect(telegram.runs).toEqual([undefined, '1'])
})
