import type { Io } from '../connectors/connector.ts'
import type { Clock } from '../model/clock.ts'

/** What connectors asked to be remembered, by channel: access tokens, upload handles. In memory only. */
export type Memo = { of(channel: string): Io['memo'] }

/** Entries kept for a channel; the oldest goes first. */
const ENTRIES_MAX = 256

type Entry = { until: number; value: Promise<unknown> }

export function createMemo(clock: Clock): Memo {
  const channels = new Map<string, Io['memo']>()
  return {
    of: channel => {
      const known = channels.get(channel)
      if (known !== undefined) return known
      const made = memoOf(clock)
      channels.set(channel, made)
      return made
    },
  }
}

function memoOf(clock: Clock): Io['memo'] {
  const entries = new Map<string, Entry>()
  return <T>(key: string, forMs: number, make: () => Promise<T>): Promise<T> => {
    const known = entries.get(key)
    // The key names the type: one connector writes and reads it.
    if (known !== undefined && known.until > clock.monotonic()) return known.value as Promise<T>
    const value = make()
    entries.delete(key)
    const entry: Entry = { until: clock.monotonic() + forMs, value }
    entries.set(key, entry)
    const [oldest] = entries.keys()
    if (entries.size > ENTRIES_MAX && oldest !== undefined) entries.delete(oldest)
    // A failure is not remembered: the next one asks again.
    value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key)
    })
    return value
  }
}
