import { describe, expect, test } from 'vitest'
import type { Change } from '../../../model/change.ts'
import { MENU_MS } from '../../../model/menu.ts'
import type { ToldTemplate } from '../../../model/template.ts'
import { ANA, GROUP, type Trial } from './trial.ts'

const BETO = { kind: 'phone', value: '+5215587654321' } as const
const CHOICES = {
  kind: 'button',
  items: [
    { id: 'morning', title: 'In the morning' },
    { id: null, title: 'Our page' },
    { id: 'evening', title: 'In the evening' },
  ],
} as const

/** What providers tell besides messages, how far they were polled, and choices that went out as numbered text. */
export function toldLaws(it: Trial): void {
  templateLaws(it)
  limitLaws(it)
  pollLaws(it)
  menuLaws(it)
}

function templateLaws(it: Trial): void {
  const { one, log } = it
  const told = (template: ToldTemplate, at = 1000): Change => {
    return { kind: 'templateTold', channel: it.channel, template, at }
  }
  const listed = (more = {}) => it.store.query('templates', { workspace: it.workspace, limit: 10, ...more })
  const READY = { name: 'order_ready', language: 'es_MX' }

  describe('templates', () => {
    test('what is told anew is an event, and keeps what it does not tell', async () => {
      await one(told({ ...READY, id: '77', status: 'pending', category: 'UTILITY' }))
      await one(told({ ...READY, quality: 'GREEN' }, 2000))
      await one(told({ ...READY, status: 'rejected', reason: 'SCAM' }, 3000))
      await one(told({ ...READY, status: 'approved' }, 4000))
      const events = (await log()).filter(({ type }) => type === 'template.status')
      expect(events.map(({ data }) => data)).toMatchObject([
        { status: 'pending', previous: null, category: 'UTILITY', quality: null },
        { status: 'pending', previous: 'pending', quality: 'GREEN' },
        { status: 'rejected', previous: 'pending', reason: 'SCAM' },
        { status: 'approved', previous: 'rejected', reason: null, quality: 'GREEN' },
      ])
      expect(await listed()).toMatchObject([{ ...READY, status: 'approved', providerId: '77' }])
    })

    test('told again, or told late, it changes nothing', async () => {
      await one(told({ ...READY, status: 'approved' }, 2000))
      const again = await one(told({ ...READY, status: 'approved' }, 3000))
      const late = await one(told({ ...READY, status: 'pending' }, 1000))
      expect([again, late]).toMatchObject([{ duplicate: true }, { duplicate: true }])
      expect((await log()).filter(({ type }) => type === 'template.status')).toHaveLength(1)
    })

    test('they are listed in pages, by what they are, while their channel is there', async () => {
      for (const name of ['a', 'b', 'c']) await one(told({ name, language: 'es', status: 'approved' }))
      await one(told({ name: 'd', language: 'es', status: 'paused' }))
      const first = await listed({ limit: 2 })
      const rest = await listed({ limit: 9, after: first.at(-1)?.id })
      expect([...first, ...rest].map(({ name }) => name)).toEqual(['d', 'c', 'b', 'a'])
      expect((await listed({ status: 'paused', channel: it.channel })).map(({ name }) => name)).toEqual(['d'])
      expect((await listed({ name: 'b' })).map(({ name }) => name)).toEqual(['b'])
      await one({ kind: 'channelDeleted', channel: it.channel })
      expect(await listed()).toEqual([])
    })
  })
}

function limitLaws(it: Trial): void {
  const { one, log } = it

  test('what a provider tells of limits adds up, and is an event when it is news', async () => {
    const limits = (live: object, at: number): Change => {
      return { kind: 'channelLimits', channel: it.channel, live, at, raw: 'x' }
    }
    await one(limits({ tier: 250 }, 1000))
    await one(limits({ quality: 'green' }, 2000))
    await one(limits({ tier: 250 }, 3000))
    await one(limits({ tier: 50 }, 1500))
    await one(limits({ tier: null }, 4000))
    const events = (await log()).filter(({ type }) => type === 'channel.limit')
    expect(events.map(({ data }) => (data as { live: object }).live)).toEqual([
      { tier: 250 },
      { tier: 250, quality: 'green' },
      { tier: null, quality: 'green' },
    ])
    const [channel] = await it.store.query('channels', { workspace: it.workspace })
    expect(channel?.live).toEqual({ tier: null, quality: 'green', at: 4000 })
    expect(it.work).toContain(GROUP)
  })

  test('a consent that a provider tells is an event of the contact', async () => {
    await one({
      ...{ kind: 'consented', channel: it.channel, address: ANA, category: 'marketing', state: 'withdrawn' },
      ...{ source: 'provider', raw: 'stop', at: 1000 },
    })
    expect((await log()).at(-1)).toMatchObject({ type: 'contact.consent', data: { state: 'withdrawn' } })
  })
}

function pollLaws(it: Trial): void {
  const { commit, inbound, held, claim, tick } = it
  const position = () => it.store.query('pollPosition', { workspace: it.workspace, channel: it.channel })

  describe('polling', () => {
    test('RULES C3: the position moves with what was found, and only under the lease', async () => {
      const { fence } = await held('node-1')
      expect(await position()).toBeNull()
      const at = (next: string, number: number): Change => {
        return { kind: 'polled', channel: it.channel, position: next, lease: { group: GROUP, fence: number } }
      }
      await commit([inbound('u1'), at('7', fence)])
      expect(await position()).toBe('7')
      tick(31_000)
      await claim('node-2')
      const { outcomes } = await commit([inbound('u2'), at('8', fence)])
      expect(outcomes).toMatchObject([{ ok: true }, { ok: false, code: 'stale' }])
      expect(await position()).toBe('7')
      await it.reopen()
      expect(await position()).toBe('7')
    })

    test('a channel that is deleted forgets it', async () => {
      const { fence } = await held()
      const lease = { group: GROUP, fence }
      await commit([{ kind: 'polled', channel: it.channel, position: '7', lease }])
      await commit([{ kind: 'channelDeleted', channel: it.channel }])
      expect(await position()).toBeNull()
    })
  })
}

function menuLaws(it: Trial): void {
  const { must, inbound, message, send, held, one, tick } = it
  const says = async (text: string, more = {}) =>
    message(await must(inbound(`m ${Math.random()}`, { content: { type: 'text', text }, ...more })))
  const offer = async (more = {}): Promise<string> => {
    const id = await send(more)
    const { fence } = await held()
    const lease = { group: GROUP, fence }
    const menu = { ...CHOICES, items: [...CHOICES.items] }
    await one({
      ...{ kind: 'attempted', message: id, lease, part: 0, attempt: 1, parts: 1, queued: false, menu },
    })
    return id
  }

  describe('choices that went out as numbered text', () => {
    test.each([
      ['3', 'evening'],
      [' 3. ', 'evening'],
      ['3️⃣', 'evening'],
      ['in the MORNING!', 'morning'],
    ])('%j is a choice', async (text, payload) => {
      const menu = await offer()
      expect(await says(text)).toMatchObject({
        content: { type: 'reply', kind: 'button', payload, typed: text },
        replyTo: { id: menu },
      })
    })

    test.each(['2', '4', '0', '3 of them', 'evening', '!'])('%j is none', async text => {
      await offer()
      expect((await says(text)).content).toEqual({ type: 'text', text })
    })

    test('one choice is one; of another person, or a day later, a number is a text', async () => {
      await offer()
      expect((await says('1', { address: BETO })).content.type).toBe('text')
      expect((await says('1')).content.type).toBe('reply')
      expect((await says('1')).content.type).toBe('text')
      await offer()
      tick(MENU_MS + 1)
      expect((await says('1')).content.type).toBe('text')
    })

    test('a broadcast has no conversation, and its choices are understood all the same', async () => {
      await offer({ source: { kind: 'broadcast', id: 'brd_1' }, lane: 'bulk', to: BETO })
      expect((await says('1', { address: BETO })).content).toMatchObject({ payload: 'morning' })
    })
  })
}
