import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepOf, startSweep } from '../../gateway/sweep.ts'
import { silentLog } from '../../model/log.ts'

const KEEP = keepOf({ retention: { log: 30, messages: 90, raw: null, receipts: null, files: 1 } })
const DAY_MS = 86_400_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('RULES A6: days become milliseconds, and what is not limited stays so', () => {
  const [log, messages, files] = [30 * DAY_MS, 90 * DAY_MS, DAY_MS]
  expect(KEEP).toEqual({ log, messages, raw: null, receipts: null, files })
})

test('it sweeps every ten minutes, soon again while there is more; a failure is not its end', async () => {
  const sweep = vi
    .fn(async () => ({ deleted: 0, more: false }))
    .mockResolvedValueOnce({ deleted: 5000, more: true })
    .mockResolvedValueOnce({ deleted: 1, more: false })
    .mockRejectedValueOnce(new Error('no disk'))
  const warn = vi.fn()
  const stop = startSweep({ sweep }, KEEP, { ...silentLog, warn })
  const calls = async (afterMs: number): Promise<number> => {
    await vi.advanceTimersByTimeAsync(afterMs)
    return sweep.mock.calls.length
  }
  expect(await calls(599_999)).toBe(0)
  expect(await calls(1)).toBe(1)
  expect(await calls(100)).toBe(2)
  expect(await calls(599_999)).toBe(2)
  expect(await calls(1)).toBe(3)
  expect(warn).toHaveBeenCalledTimes(1)
  expect(await calls(600_000)).toBe(4)
  expect(sweep).toHaveBeenCalledWith(KEEP)
  await stop()
  expect(await calls(6_000_000)).toBe(4)
})
