import type { ChannelId, RejectedId } from '../model/ids.ts'
import { columnsOf, rowOf, type Steps, sql } from './sql.ts'
import type { Queries } from './store.ts'

/** A delivery that could not be read (RULES B7). */
export type RejectedDelivery = {
  id: RejectedId
  channel: ChannelId
  why: string
  /** Bytes. */
  size: number
  contentType: string
  at: number
}

/** Deliveries that could not be read, newest first, and how large each is; never with its bytes. */
export function* rejectedPage({
  workspace,
  channel,
  after,
  limit,
}: Queries['rejected']['params']): Steps<Queries['rejected']['result']> {
  const ofChannel = channel === undefined ? '' : 'AND channel = ?'
  const older = after === undefined ? '' : 'AND id < ?'
  const rows = yield sql(
    `SELECT id, channel, why, length(raw) AS size, content_type, at FROM rejected
     WHERE workspace = ? ${ofChannel} ${older} ORDER BY id DESC LIMIT ?`,
    [workspace, ...[channel, after].filter(value => value !== undefined), limit],
  )
  return rows.map(row => ({
    id: row['id'] as RejectedId,
    channel: row['channel'] as ChannelId,
    why: row['why'] as string,
    size: Number(row['size']),
    contentType: row['content_type'] as string,
    at: Number(row['at']),
  }))
}

export function* rejectedRaw({
  workspace,
  id,
}: Queries['rejectedRaw']['params']): Steps<Queries['rejectedRaw']['result']> {
  const [raw] = yield sql(`SELECT ${columnsOf('rejected')} FROM rejected WHERE workspace = ? AND id = ?`, [
    workspace,
    id,
  ])
  const row = raw && rowOf('rejected', raw)
  return row === undefined ? null : { ...row, size: row.raw.byteLength }
}
