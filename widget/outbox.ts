import type { VisitorContent, VisitorFrame } from '../connectors/webchat/frames.ts'
import { type Keeper, readJson } from './storage.ts'

/**
 * What the visitor wrote and the daemon does not have yet.
 *
 *   waiting ─ accepted ─▶ accepted ─ shown in the thread ─▶ gone
 *      │  ▲
 *      │  └─ retry
 *      └─ refused for good ─▶ failed ─ discard ─▶ gone
 *
 * One is under way at a time, so the order is that of writing; after a lost line the same one goes again under the same
 * id, which the daemon knows. `waiting` and `failed` are kept over a reload.
 */
export type Entry = {
  /** A UUID: the daemon takes it once, however often it comes. */
  id: string
  at: number
  content: VisitorContent
  form?: Record<string, string>
  state: 'waiting' | 'accepted' | 'failed'
  /** Why it failed: the daemon's code. */
  code?: string
}

export type Outbox = {
  entries(): readonly Entry[]
  add(entry: Omit<Entry, 'state'>): void
  /** The oldest that waits; undefined while one is under way. It is under way from here on. */
  next(): VisitorFrame | undefined
  accepted(id: string): void
  refused(id: string, code: string): void
  /** It is not under way any more, and waits. */
  held(): void
  retry(id: string): void
  remove(id: string): void
  /** The thread shows these now. */
  shown(ids: ReadonlySet<string>): void
  /** Entries of a page that is gone. */
  adopt(text: string | undefined): void
  clear(): void
}

/** At most so many are kept: a page that is offline for a week does not fill the website's storage. */
export const ENTRIES_MAX = 100

/** @param name of the entries in `keeper`: each page of a visitor has its own */
export function openOutbox(keeper: Keeper, name: string): Outbox {
  let entries = readEntries(keeper.get(name))
  let underWay: string | undefined

  const save = (changed: Entry[]): void => {
    entries = changed
    const kept = entries.filter(entry => entry.state !== 'accepted')
    keeper.set(name, kept.length === 0 ? undefined : JSON.stringify(kept))
  }
  const put = (id: string, state: Entry['state'], code?: string): void => {
    if (underWay === id) underWay = undefined
    save(entries.map(entry => (entry.id === id ? entryIn(entry, state, code) : entry)))
  }

  return {
    entries: () => entries,
    add: entry => save([...entries, { ...entry, state: 'waiting' as const }].slice(-ENTRIES_MAX)),
    next() {
      const entry = entries.find(({ state }) => state === 'waiting')
      if (underWay !== undefined || entry === undefined) return undefined
      underWay = entry.id
      const { id, content, form } = entry
      return { type: 'message', id, content, ...(form === undefined ? {} : { form }) }
    },
    accepted: id => put(id, 'accepted'),
    refused: (id, code) => put(id, 'failed', code),
    held() {
      underWay = undefined
    },
    retry: id => put(id, 'waiting'),
    remove: id => save(entries.filter(entry => entry.id !== id)),
    shown(ids) {
      if (underWay !== undefined && ids.has(underWay)) underWay = undefined
      if (entries.some(entry => ids.has(entry.id))) save(entries.filter(entry => !ids.has(entry.id)))
    },
    adopt(text) {
      const known = new Set(entries.map(entry => entry.id))
      const found = readEntries(text).filter(entry => !known.has(entry.id))
      if (found.length > 0) save([...found, ...entries].sort((a, b) => a.at - b.at).slice(-ENTRIES_MAX))
    },
    clear() {
      underWay = undefined
      save([])
    },
  }
}

function entryIn({ code: _, ...entry }: Entry, state: Entry['state'], code?: string): Entry {
  return { ...entry, state, ...(code === undefined ? {} : { code }) }
}

/** Any script of the website can write there, so what is not an entry is passed over. */
function readEntries(text: string | undefined): Entry[] {
  const found = readJson(text)
  return Array.isArray(found) ? found.filter(isEntry) : []
}

function isEntry(value: unknown): value is Entry {
  const { id, at, content, state } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>
  return (
    typeof id === 'string' &&
    typeof at === 'number' &&
    typeof content === 'object' &&
    content !== null &&
    (state === 'waiting' || state === 'failed')
  )
}
