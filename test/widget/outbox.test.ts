import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DaemonFrame } from '../../connectors/webchat/frames.ts'
import { WAIT_MIN_MS } from '../../widget/line.ts'
import { ENTRIES_MAX, openOutbox } from '../../widget/outbox.ts'
import { type Keeper, openKeeper } from '../../widget/storage.ts'
import { greet, message, open, said, textsOf, uuid, welcome } from './rig.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the outbox', () => {
  test('sends one after the other; what a broken line left open goes again under its own id', () => {
    const page = open()
    page.client.say({ type: 'text', text: 'one' })
    page.client.say({ type: 'text', text: 'two' })
    const wire = greet(page)
    expect(textsOf(wire)).toEqual(['one'])
    wire.onclose?.({} as never)
    vi.advanceTimersByTime(WAIT_MIN_MS)
    const next = greet(page, welcome({ resume: 'continued' } as never))
    const [again] = said(next, 'message')
    expect(again?.id).toBe(said(wire, 'message')[0]?.id)
    next.hear({ type: 'accepted', id: again?.id ?? '', message: 'm1', at: '2026-11-24T10:00:00Z' })
    expect(textsOf(next)).toEqual(['one', 'two'])
    next.hear({
      ...{ type: 'message', cursor: '2' },
      message: message('m1', { from: 'visitor', clientId: again?.id ?? '' }),
    } as DaemonFrame)
    expect(page.client.state().entries.map(({ state }) => state)).toEqual(['waiting'])
    expect(page.client.state().thread.messages.map(({ id }) => id)).toEqual(['m1'])
  })

  test('is kept over a reload, and adopted by the page that comes after', () => {
    const area = new Map<string, string>()
    open(area).client.say({ type: 'text', text: 'kept' })
    const page = open(area)
    page.client.connect()
    const wire = greet(page)
    expect(textsOf(wire)).toEqual(['kept'])
    wire.hear({ type: 'accepted', id: said(wire, 'message')[0]?.id ?? '', message: 'm', at: '' })
    expect([...area.keys()]).toEqual(['omnibus.chn_1.token'])
  })

  test('a refusal for now is tried again; one for good fails and lets the next one go', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page)
    page.client.say({ type: 'text', text: 'one' })
    page.client.say({ type: 'text', text: 'two' })
    const id = said(wire, 'message')[0]?.id ?? ''
    wire.hear({ type: 'refused', id, code: 'tooFast', detail: '', retryAfterMs: 700 })
    expect(textsOf(wire)).toEqual(['one'])
    vi.advanceTimersByTime(700)
    expect(textsOf(wire)).toEqual(['one', 'one'])
    wire.hear({ type: 'refused', id, code: 'textTooLong', detail: '' })
    expect(textsOf(wire)).toEqual(['one', 'one', 'two'])
    expect(page.client.state().entries[0]).toMatchObject({ state: 'failed', code: 'textTooLong' })
    wire.hear({ type: 'accepted', id: said(wire, 'message')[2]?.id ?? '', message: 'm', at: '' })
    page.client.retry(id)
    expect(textsOf(wire)).toEqual(['one', 'one', 'two', 'one'])
  })

  test('what another script wrote into the storage breaks nothing; its size has a bound', () => {
    const kept = new Map([['x', '[{"id":1},null,"a",{"id":"i","at":1,"content":null,"state":"waiting"}]']])
    const keeper: Keeper = {
      get: name => kept.get(name),
      set: (name, value) => void (value === undefined ? kept.delete(name) : kept.set(name, value)),
      names: () => [...kept.keys()],
    }
    const outbox = openOutbox(keeper, 'x')
    expect(outbox.entries()).toEqual([])
    for (let at = 0; at < ENTRIES_MAX + 5; at += 1)
      outbox.add({ id: uuid(), at, content: { type: 'text', text: '' } })
    expect(outbox.entries()).toHaveLength(ENTRIES_MAX)
  })

  test('works where the browser refuses its storage', () => {
    const keeper = openKeeper(() => {
      throw new Error('SecurityError')
    }, 'p.')
    keeper.set('token', 't')
    expect(keeper.get('token')).toBe('t')
    expect(keeper.names()).toEqual(['token'])
  })
})
