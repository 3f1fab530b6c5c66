import type { ChannelId } from '../../model/ids.ts'

/**
 * What a filter comes down to: a few questions about the row of a contact, each answered by true or false and never by
 * "unknown", so that `not` is what everybody takes it for.
 */
export type Test =
  | { on: 'all' | 'any'; of: Test[] }
  | { on: 'not'; of: Test }
  /** A term that stands alone, or with `begins` any that begins so: `#t:tag_…`, `#b:` with a key and `=true`. */
  | { on: 'term'; term: string; begins?: true }
  /** The words behind a mark: all of them, the first ones, or somewhere in them. */
  | { on: 'words'; mark: string; match: Match; words: string }
  /** One of the addresses behind a mark. */
  | { on: 'address'; mark: string; match: Match; text: string }
  /** An option of a list, letter by letter. */
  | { on: 'option'; key: string; value: string }
  | { on: 'number'; key: string; match: 'equals' | 'greater' | 'less'; value: number }
  | { on: 'date'; key: string; match: 'equals' | 'before' | 'after'; value: Day }
  | { on: 'time'; field: 'seenAt' | 'createdAt' | 'updatedAt'; match: 'before' | 'after'; at: Moment }
  | { on: 'heard'; channel: ChannelId; match: 'before' | 'after' | 'ever'; at: Moment }
  | { on: 'open' }
  /** The beginning of a word of theirs; that of a phone is what follows the calling code. */
  | { on: 'begin'; text: string }
  /** The beginning of a phone with its calling code. */
  | { on: 'number begins'; digits: string }

export type Match = 'equals' | 'startsWith' | 'contains'

/** Milliseconds, or so many days before now. */
export type Moment = number | { daysAgo: number }
/** `YYYY-MM-DD`, or so many days before today in UTC; after it if negative. */
export type Day = string | { daysAgo: number }

const DAY_MS = 86_400_000

export function momentOf(at: Moment, now: number): number {
  return typeof at === 'number' ? at : now - Math.round(at.daysAgo * DAY_MS)
}

/** As the terms hold a date. */
export function dayWords(day: Day, now: number): string {
  const text = typeof day === 'string' ? day : new Date(now - day.daysAgo * DAY_MS).toISOString().slice(0, 10)
  return text.replaceAll('-', ' ')
}
