import type { Keeper } from './storage.ts'

/**
 * The pages of one visitor in one browser. Each has a line and an outbox of its own; they tell each other what the
 * daemon would tell them too late. An outbox whose page is gone is adopted by another page, and by one alone: its page
 * holds a lock of that name while there is something in it. Where there are no locks (a website without TLS) two pages
 * may adopt the same; the daemon takes a message's id once.
 */
export type Tabs = {
  /** The name of this page's outbox. */
  outboxName: string
  /** Whether this page's outbox has something in it. */
  hold(on: boolean): void
  /** Calls `take` with each outbox that nobody holds. */
  adopt(take: (name: string) => void): void
  tell(word: Word): void
  listen(hear: Hear): void
  /** Does the work in one page alone, of those that ask within a second. */
  once(name: string, work: () => void): void
}

export type Word = { type: 'token' } | { type: 'reset' } | { type: 'read'; ids: readonly string[] }

export type Hear = { token(): void; reset(): void; read(ids: readonly string[]): void }

export type TabsOptions = {
  /** Of the channel: what it says and locks is this channel's. */
  name: string
  keeper: Keeper
  uuid(): string
  /** Undefined where the browser has none, or the page may not use them. */
  locks: LockManager | undefined
  channel: BroadcastChannel | undefined
}

const OUTBOX = 'outbox.'
const ONCE_MS = 1000

export function createTabs({ name, keeper, uuid, locks, channel }: TabsOptions): Tabs {
  const outboxName = OUTBOX + uuid()
  let release: (() => void) | undefined

  return {
    outboxName,
    hold(on) {
      if (on === (release !== undefined)) return
      release?.()
      release = undefined
      if (!on) return
      const held = new Promise<void>(resolve => {
        release = resolve
      })
      locks?.request(`${name}.${outboxName}`, () => held).catch(() => {})
    },
    adopt(take) {
      for (const other of keeper.names()) {
        if (!other.startsWith(OUTBOX) || other === outboxName) continue
        if (locks === undefined) take(other)
        else {
          const options = { ifAvailable: true }
          locks.request(`${name}.${other}`, options, lock => lock && take(other)).catch(() => {})
        }
      }
    },
    tell: word => channel?.postMessage(word),
    listen(hear) {
      if (channel === undefined) return
      channel.onmessage = ({ data }: MessageEvent<Word>) => {
        if (data.type === 'token') hear.token()
        if (data.type === 'reset') hear.reset()
        if (data.type === 'read') hear.read(data.ids)
      }
    },
    once(work, run) {
      if (locks === undefined) {
        run()
        return
      }
      const during = (lock: Lock | null): Promise<void> | undefined => {
        if (lock === null) return undefined
        run()
        return new Promise(resolve => setTimeout(resolve, ONCE_MS))
      }
      locks.request(`${name}.once.${work}`, { ifAvailable: true }, during).catch(() => {})
    },
  }
}
