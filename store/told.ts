import { rfc3339 } from '../model/clock.ts'
import type { ChannelId, TemplateId, WorkspaceId } from '../model/ids.ts'
import type { Template, TemplateStatus } from '../model/template.ts'
import { given, page } from './filter.ts'
import type { Rows } from './rows.ts'
import { rowOf, type Steps, sql } from './sql.ts'
import type { Page } from './store.ts'

/** The named reads of what providers tell besides messages. */
export type ToldQueries = {
  /** How far a channel was polled; null before its first time. */
  pollPosition: { params: { workspace: WorkspaceId; channel: ChannelId }; result: string | null }
  /** Of channels that are not deleted. */
  templates: {
    params: Page<TemplateId> & { channel?: ChannelId; status?: TemplateStatus; name?: string }
    result: Template[]
  }
}

export const TOLD_QUERIES: {
  [Q in keyof ToldQueries]: (params: ToldQueries[Q]['params']) => Steps<ToldQueries[Q]['result']>
} = {
  *pollPosition({ workspace, channel }) {
    const [row] = yield sql('SELECT position FROM polls WHERE workspace = ? AND channel = ?', [
      workspace,
      channel,
    ])
    return row === undefined ? null : (row['position'] as string)
  },

  *templates({ workspace, after, limit, ...filters }) {
    const equal = { workspace, ...given(filters) }
    const rows = yield* page('templates', equal, after, limit, {
      text: 'channel IN (SELECT id FROM channels WHERE workspace = ? AND deleted_at IS NULL)',
      args: [workspace],
    })
    return rows.map(row => templateView(rowOf('templates', row)))
  },
}

function templateView({ toldAt: _, updatedAt, ...row }: Rows['templates']): Template {
  return { ...row, updatedAt: rfc3339(updatedAt) }
}
