import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WAIT_MIN_MS } from '../../widget/line.ts'
import { IDS_MAX } from '../../widget/receipts.ts'
import { TYPING_ENDS_MS, TYPING_MS } from '../../widget/typing.ts'
import { Refusal } from '../../widget/uploads.ts'
import { greet, message, open, said, textsOf, type Wire, welcome } from './rig.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('receipts (PROVIDERS H4)', () => {
  test('received on arrival, read when viewed, each told once to a line and again to the next', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page)
    wire.hear({ type: 'message', cursor: '2', message: message('m1') })
    expect(said(wire, 'received')).toEqual([{ type: 'received', ids: ['m1'] }])
    expect(page.news).toEqual(['m1'])
    expect(page.client.state().unread).toBe(1)
    page.client.viewed(['m1'])
    page.client.viewed(['m1'])
    expect(said(wire, 'read')).toEqual([{ type: 'read', ids: ['m1'] }])
    expect(page.client.state().unread).toBe(0)
    // The news that it was received is older than that it was read.
    wire.hear({ type: 'changed', cursor: '3', message: message('m1', { status: 'received' }) })
    expect(page.client.state().unread).toBe(0)
    wire.onclose?.({} as never)
    vi.advanceTimersByTime(WAIT_MIN_MS)
    const next = greet(page, welcome({ resume: 'continued' } as never))
    expect(said(next, 'read')).toEqual([{ type: 'read', ids: ['m1'] }])
  })

  test('many at once go in pages', () => {
    const page = open()
    page.client.connect()
    const messages = Array.from({ length: IDS_MAX + 1 }, (_, at) => message(`m${at}`))
    expect(said(greet(page, welcome({ messages })), 'received').map(({ ids }) => ids.length)).toEqual([
      IDS_MAX,
      1,
    ])
  })
})

describe('typing (H4)', () => {
  test('is told at most once in 3 s, ends with the message, and what is shown ends by itself', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page)
    page.client.typing(true)
    page.client.typing(true)
    vi.advanceTimersByTime(TYPING_MS)
    page.client.typing(true)
    page.client.typing(false)
    page.client.typing(false)
    expect(said(wire, 'typing').map(({ on }) => on)).toEqual([true, true, false])
    wire.hear({ type: 'typing', on: true })
    expect(page.client.state().isTyping).toBe(true)
    vi.advanceTimersByTime(TYPING_ENDS_MS)
    expect(page.client.state().isTyping).toBe(false)
  })
})

describe('who it is', () => {
  test('an identity goes with hello, or at once; what is proven is not said again', () => {
    const page = open()
    page.client.identify({ jwt: 'a' })
    const wire = greet(page)
    expect(said(wire, 'hello')[0]).toMatchObject({ identity: { jwt: 'a' } })
    const visitor = { id: 'v', identified: true, name: 'Ana' }
    wire.hear({ type: 'identified', token: 'token-2', visitor, again: false })
    wire.onclose?.({} as never)
    vi.advanceTimersByTime(WAIT_MIN_MS)
    expect(said(greet(page), 'hello')[0]).not.toHaveProperty('identity')
    page.client.identify({ jwt: 'b' })
    expect(said(page.wires[1] as Wire, 'identify')).toEqual([{ type: 'identify', identity: { jwt: 'b' } }])
    page.wires[1]?.hear({ type: 'identityRefused', code: 'identityExpired', detail: 'exp is past.' })
    expect(page.warnings).toEqual(['the identity was refused: identityExpired: exp is past.'])
  })

  test('a reset without a network is kept: nothing of the former visitor is shown', () => {
    const area = new Map<string, string>()
    const before = open(area)
    before.client.connect()
    greet(before).hear({ type: 'message', cursor: '2', message: message('secret') })
    before.wires[0]?.onclose?.({} as never)
    before.client.say({ type: 'text', text: 'never sent' })
    before.client.reset()
    expect(before.client.state()).toMatchObject({ thread: { messages: [] }, entries: [], unread: 0 })

    const after = open(area)
    after.client.connect()
    const wire = greet(after, welcome({ messages: [message('secret')] }))
    expect(after.client.state().thread.messages).toEqual([])
    expect(said(wire, 'reset')).toHaveLength(1)
    const visitor = { id: 'w', identified: false, name: null }
    wire.hear({ type: 'identified', token: 'token-9', visitor, again: true })
    wire.hear(welcome({ token: 'token-9' }))
    after.client.say({ type: 'text', text: 'new' })
    expect(textsOf(wire)).toEqual(['new'])
    expect(after.keeper.get('token')).toBe('token-9')
  })

  test('the form goes with the first message alone', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page)
    page.client.fill({ name: 'Ana' })
    page.client.say({ type: 'text', text: 'one' })
    page.client.say({ type: 'text', text: 'two' })
    wire.hear({ type: 'accepted', id: said(wire, 'message')[0]?.id ?? '', message: 'm', at: '' })
    expect(said(wire, 'message').map(({ form }) => form)).toEqual([{ name: 'Ana' }, undefined])
  })
})

describe('files', () => {
  const file = (size: number): File => new File([new Uint8Array(size)], 'a.bin')

  test('are sent one by one, and become messages; a refusal is final until another try', async () => {
    let refuse = true
    const page = open(new Map(), async given => {
      if (refuse && given.size === 2) throw new Refusal('unsupportedMediaType')
      return `fil_${given.size}`
    })
    page.client.connect()
    const wire = greet(page)
    page.client.attach([file(1), file(2), file(101)])
    await vi.advanceTimersByTimeAsync(0)
    expect(said(wire, 'message').map(({ content }) => content)).toEqual([{ type: 'file', file: 'fil_1' }])
    const codes = page.client.state().uploads.map(({ code }) => code)
    expect(codes).toEqual(['unsupportedMediaType', 'tooLarge'])
    refuse = false
    const [failed, large] = page.client.state().uploads
    page.client.retry(failed?.id ?? '')
    page.client.discard(large?.id ?? '')
    await vi.advanceTimersByTimeAsync(0)
    expect(page.client.state().uploads).toEqual([])
    expect(page.client.state().entries.map(({ content }) => content)).toContainEqual({
      type: 'file',
      file: 'fil_2',
    })
  })
})

describe('a file without a line', () => {
  test('waits for one, as does a file whose line breaks', async () => {
    let fails = true
    const page = open(new Map(), async () => {
      if (fails) throw new Error('unreachable')
      return 'fil_1'
    })
    page.client.attach([new File(['a'], 'a.bin')])
    await vi.advanceTimersByTimeAsync(0)
    expect(page.client.state().uploads[0]).toMatchObject({ state: 'waiting' })
    const wire = greet(page)
    wire.onclose?.({} as never)
    await vi.advanceTimersByTimeAsync(0)
    expect(page.client.state().uploads[0]).toMatchObject({ state: 'waiting' })
    fails = false
    vi.advanceTimersByTime(WAIT_MIN_MS)
    const next = greet(page)
    await vi.advanceTimersByTimeAsync(0)
    expect(said(next, 'message').map(({ content }) => content)).toEqual([{ type: 'file', file: 'fil_1' }])
  })
})

describe('the thread', () => {
  test('again throws away what is there, continued adds, history comes before', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page, welcome({ messages: [message('m2')], more: true }))
    page.client.older()
    page.client.older()
    expect(said(wire, 'history')).toEqual([{ type: 'history', before: 'm2' }])
    wire.hear({ type: 'history', messages: [message('m1'), message('m2')], more: false })
    const idsOf = (): string[] => page.client.state().thread.messages.map(({ id }) => id)
    expect(idsOf()).toEqual(['m1', 'm2'])
    wire.hear(welcome({ resume: 'continued', messages: [message('m3')] } as never))
    expect(idsOf()).toEqual(['m1', 'm2', 'm3'])
    wire.hear(welcome({ messages: [message('m9')] }))
    expect(idsOf()).toEqual(['m9'])
  })
})
