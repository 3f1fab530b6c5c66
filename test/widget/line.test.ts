import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WAIT_MAX_MS, WAIT_MIN_MS, waitMs } from '../../widget/line.ts'
import { greet, message, open, said, type Wire } from './rig.ts'

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
