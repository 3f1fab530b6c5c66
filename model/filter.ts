import type { ChannelId } from './ids.ts'

/**
 * Which contacts are meant, as data: what the API takes, segments keep and broadcasts will ask. `readFilter` says which
 * fields there are and what each may be asked.
 */
export type Filter = { all: Filter[] } | { any: Filter[] } | { not: Filter } | Condition

export type Condition = {
  field: string
  op: FilterOp
  /** Left out with `exists` it is true. */
  value?: unknown
  /** Of `lastSeenAt`: on this channel instead of any. */
  channel?: ChannelId
}

export const FILTER_OPS = [
  'equals',
  'oneOf',
  'contains',
  'startsWith',
  'exists',
  'greater',
  'less',
  'before',
  'after',
  'has',
  'hasAny',
  'hasNone',
] as const
export type FilterOp = (typeof FILTER_OPS)[number]

/** Bounds of a filter: what a person writes is far below, and what a program makes is still read in no time. */
export const FILTER_DEPTH_MAX = 8
export const FILTER_CONDITIONS_MAX = 100
export const FILTER_VALUES_MAX = 100
export const FILTER_TEXT_MAX = 200
/** `{ daysAgo }` and `{ daysAhead }`: a century. */
export const FILTER_DAYS_MAX = 36_500
