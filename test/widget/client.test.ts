import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChannelPage, DaemonFrame, ShownMessage, VisitorFrame } from '../../connectors/webchat/frames.ts'
import { createClient } from '../../widget/client.ts'
import { type Socket, WAIT_MAX_MS, WAIT_MIN_MS, waitMs } from '../../widget/line.ts'
import { ENTRIES_MAX, openOutbox } from '../../widget/outbox.ts'
import { IDS_MAX } from '../../widget/receipts.ts'
import type { Client } from '../../widget/state.ts'
import { type Keeper, openKeeper } from '../../widget/storage.ts'
import { createTabs } from '../../widget/tabs.ts'
import { TYPING_ENDS_MS, TYPING_MS } from '../../widget/typing.ts'
import { Refusal, type Transfer } from '../../widget/uploads.ts'

/** The browser's side without a browser: its sockets, its storage and its clock are these. */
const PAGE: ChannelPage = {
  ...{ channel: 'chn_1', theme: {}, locale: 'auto', preChat: [], identity: 'off', textMax: 1000 },
  files: { bytesMax: 100, mimeTypes: [] },
}

type Wire = Socket & { said: VisitorFrame[]; hear(frame: DaemonFrame): void; isClosed: boolean }

function makeWire(): Wire {
  const wire: Wire = {
    ...{ onopen: null, onmessage: null, onclose: null, said: [], isClosed: false },
    send: text => void wire.said.push(JSON.parse(text) as VisitorFrame),
    close: () => {
      wire.isClosed = true
    },
    hear: frame => wire.onmessage?.({ data: JSON.stringify(frame) } as never),
  }
  return wire
}

type Browser = { client: Client; wires: Wire[]; keeper: Keeper; warnings: string[]; news: string[] }

function open(area = new Map<string, string>(), transfer: Transfer = async () => 'fil_1'): Browser {
  const storage = {
    get length() {
      return area.size
    },
    key: (at: number) => [...area.keys()][at] ?? null,
    getItem: (name: string) => area.get(name) ?? null,
    setItem: (name: string, value: string) => void area.set(name, value),
    removeItem: (name: string) => void area.delete(name),
  }
  const keeper = openKeeper(() => storage, 'omnibus.chn_1.')
  const wires: Wire[] = []
  const [warnings, news]: string[][] = [[], []]
  const tabs = createTabs({ name: 'x', keeper, uuid, locks: undefined, channel: undefined })
  const client = createClient({
    ...{ page: PAGE, keeper, tabs, transfer, uuid, language: 'es-MX' },
    connect: () => {
      const wire = makeWire()
      wires.push(wire)
      return wire
    },
    now: Date.now,
    random: () => 1,
    onChange: () => {},
    onMessage: message => news?.push(message.id),
    onWarning: text => warnings?.push(text),
  })
  return { client, wires, keeper, warnings: warnings ?? [], news: news ?? [] }
}

let ids = 0
const uuid = (): string => `id-${String(++ids).padStart(4, '0')}`

function welcome(more: Partial<Extract<DaemonFrame, { type: 'welcome' }>> = {}): DaemonFrame {
  return {
    ...{ type: 'welcome', visitor: { id: 'v', identified: false, name: null }, messages: [], more: false },
    ...{ cursor: '1', heartbeatMs: 25_000, resume: 'again', reason: 'new', token: 'token-1' },
    ...more,
  } as DaemonFrame
}

/** A socket that was opened and greeted. */
function greet({ wires }: Browser, frame = welcome()): Wire {
  const wire = wires.at(-1) ?? makeWire()
  wire.onopen?.({} as never)
  wire.hear(frame)
  return wire
}

function message(id: string, more: Partial<ShownMessage> = {}): ShownMessage {
  return {
    ...{ id, from: 'agent', at: '2026-11-24T10:00:00Z', status: 'sent' },
    ...{ content: { type: 'text', text: id } },
    ...more,
  } as ShownMessage
}

const said = <Type extends VisitorFrame['type']>(
  wire: Wire,
  type: Type,
): Extract<VisitorFrame, { type: Type }>[] =>
  wire.said.filter((frame): frame is Extract<VisitorFrame, { type: Type }> => frame.type === type)

const textsOf = (wire: Wire): unknown[] =>
  said(wire, 'message').map(({ content }) => ('text' in content ? content.text : content.type))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the line', () => {
  test('waits longer each time, and never longer than half a minute', () => {
    expect([0, 1, 2, 5, 50].map(attempts => waitMs(attempts, 1))).toEqual([1000, 2000, 4000, 30_000, 30_000])
    expect(waitMs(0, 0)).toBe(WAIT_MIN_MS / 2)
    expect(waitMs(9, 0)).toBe(WAIT_MAX_MS / 2)
  })

  test('says hello with what it knows, and resumes after the last cursor', () => {
    const page = open()
    page.client.connect()
    const first = greet(page)
    expect(said(first, 'hello')).toEqual([{ type: 'hello', language: 'es-MX' }])
    first.hear({ type: 'message', cursor: '7', message: message('m1') })
    first.onclose?.({} as never)
    vi.advanceTimersByTime(WAIT_MIN_MS)
    const second = page.wires[1]
    second?.onopen?.({} as never)
    expect(said(second as Wire, 'hello')).toEqual([
      { type: 'hello', token: 'token-1', after: '7', language: 'es-MX' },
    ])
  })

  test('that is silent for two heartbeats is dead; that comes back from sleep is asked at once', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page)
    vi.advanceTimersByTime(25_000)
    expect(said(wire, 'ping')).toHaveLength(1)
    vi.advanceTimersByTime(50_000)
    expect(wire.isClosed).toBe(true)
    vi.advanceTimersByTime(WAIT_MIN_MS)
    const next = greet(page)
    vi.advanceTimersByTime(1)
    page.client.wake()
    vi.advanceTimersByTime(5000)
    expect(next.isClosed).toBe(true)
  })

  test('bye: comes again after what the daemon says, or stays away and says so', () => {
    const page = open()
    page.client.connect()
    greet(page).hear({ type: 'bye', code: 'restarting', detail: '', again: true, retryAfterMs: 9000 })
    vi.advanceTimersByTime(8999)
    expect(page.wires).toHaveLength(1)
    vi.advanceTimersByTime(1)
    greet(page).hear({ type: 'bye', code: 'channelGone', detail: '', again: false })
    vi.advanceTimersByTime(120_000)
    expect(page.wires).toHaveLength(2)
    expect(page.client.state()).toMatchObject({ line: 'ended', ended: 'channelGone' })
    page.client.connect()
    expect(page.wires).toHaveLength(3)
  })

  test('a frame of tomorrow, and one that is no frame, are passed over', () => {
    const page = open()
    page.client.connect()
    const wire = greet(page)
    wire.hear({ type: 'hologram' } as never)
    wire.hear({ type: 'constructor' } as never)
    wire.onmessage?.({ data: 'not json' } as never)
    wire.onmessage?.({ data: 'null' } as never)
    expect(page.client.state().line).toBe('up')
  })
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

  test('a refusal for now is tried again, one for good fails, lets the next one go, and can be tried by hand', () => {
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

  test('a reset without a network is kept: nothing of the former visitor is shown until the daemon took it', () => {
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
