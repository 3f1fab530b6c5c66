import type { SegmentId, WorkspaceId } from '../../model/ids.ts'
import { page } from '../filter.ts'
import type { Rows } from '../rows.ts'
import { columnsOf, rowOf, type Steps, sql } from '../sql.ts'
import type { Page } from '../store.ts'

export type SegmentQueries = {
  segment: { params: { workspace: WorkspaceId; id: SegmentId }; result: Rows['segments'] | null }
  segments: { params: Page<SegmentId>; result: Rows['segments'][] }
}

export const SEGMENT_QUERIES: {
  [Q in keyof SegmentQueries]: (params: SegmentQueries[Q]['params']) => Steps<SegmentQueries[Q]['result']>
} = {
  *segment({ workspace, id }) {
    const [row] = yield sql(`SELECT ${columnsOf('segments')} FROM segments WHERE workspace = ? AND id = ?`, [
      workspace,
      id,
    ])
    return row === undefined ? null : rowOf('segments', row)
  },

  *segments({ workspace, after, limit }) {
    const rows = yield* page('segments', { workspace }, after, limit)
    return rows.map(row => rowOf('segments', row))
  },
}
