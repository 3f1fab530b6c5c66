import { isDeepStrictEqual } from 'node:util'
import type { Change } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { ToldTemplate } from '../../model/template.ts'
import type { Rows } from '../rows.ts'
import type { Draft } from './draft.ts'
import { type Rule, refused } from './rule.ts'

/** What a provider tells besides messages: about the account and its templates. */

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

export const channelLimits: Rule<Of<'channelLimits'>> = {
  want: (draft, workspace, { channel }) => {
    draft.want('channels', workspace, channel)
  },
  decide: (draft, workspace, { channel, live, at, raw }) => {
    const known = living(draft, workspace, channel)
    if (known === undefined) return refused('notFound', `no channel ${channel}`)
    const { at: before = 0, ...last } = known.live ?? {}
    const next = { ...last, ...live }
    if (at < before || isDeepStrictEqual(next, last)) return { ok: true, duplicate: true }
    draft.put('channels', { ...known, live: { ...next, at } })
    const data = { id: channel, live: next, raw }
    draft.event({ workspace, type: 'channel.limit', subject: channel, data, kept: data })
    draft.work.add(known.senderGroup)
    return { ok: true, id: channel }
  },
}

export const templateTold: Rule<Of<'templateTold'>> = {
  want: (draft, workspace, { channel, template }) => {
    draft.want('channels', workspace, channel)
    draft.want('templates', workspace, channel, template.name, template.language)
  },
  decide: (draft, workspace, { channel, template, at }) => {
    if (living(draft, workspace, channel) === undefined) return refused('notFound', `no channel ${channel}`)
    const known = draft.get('templates', workspace, channel, template.name, template.language)
    if (known !== undefined && at < known.toldAt) return { ok: true, duplicate: true, id: known.id }
    const row = templateRow(draft, known ?? { workspace, channel }, template, at)
    const isNews = known === undefined || TOLD.some(field => row[field] !== known[field])
    if (!isNews && isDeepStrictEqual(row.components, known.components)) {
      return { ok: true, duplicate: true, id: row.id }
    }
    draft.put('templates', row)
    if (!isNews) return { ok: true, id: row.id }
    const { id, name, language, status, category, quality, reason } = row
    const what = { id, channel, name, language, status, previous: known?.status ?? null }
    const data = { ...what, category, quality, reason }
    draft.event({ workspace, type: 'template.status', subject: id, data, kept: data })
    return { ok: true, id }
  },
}

/** What subscribers are told of. */
const TOLD = ['status', 'category', 'quality', 'reason'] as const

function templateRow(
  draft: Draft,
  known: Rows['templates'] | Pick<Rows['templates'], 'workspace' | 'channel'>,
  { name, language, id, status, category, quality, reason, components }: ToldTemplate,
  at: number,
): Rows['templates'] {
  const before: Partial<Rows['templates']> = known
  return {
    workspace: known.workspace,
    channel: known.channel,
    name,
    language,
    id: before.id ?? draft.newId('tpl'),
    providerId: id ?? before.providerId ?? null,
    status: status ?? before.status ?? 'unknown',
    category: category ?? before.category ?? null,
    quality: quality ?? before.quality ?? null,
    // Why it is as it is now: of another status there is another reason, or none.
    reason: reason ?? (status === undefined ? (before.reason ?? null) : null),
    components: components ?? before.components ?? null,
    toldAt: at,
    updatedAt: draft.now,
  }
}

/** RULES C4: a former holder of the lease does not move it; what it found is told again, and known (B1). */
export const polled: Rule<Of<'polled'>> = {
  want: (draft, workspace, { channel, lease }) => {
    draft.want('leases', lease.group)
    draft.want('channels', workspace, channel)
    draft.want('polls', workspace, channel)
  },
  decide: (draft, workspace, { channel, position, lease }) => {
    if (living(draft, workspace, channel) === undefined) return refused('notFound', `no channel ${channel}`)
    if (draft.get('leases', lease.group)?.fence !== lease.fence)
      return refused('stale', 'the lease has ended')
    draft.put('polls', { workspace, channel, position, at: draft.now })
    return { ok: true }
  },
}

function living(draft: Draft, workspace: WorkspaceId, channel: string): Rows['channels'] | undefined {
  const known = draft.get('channels', workspace, channel)
  return known?.deletedAt === null ? known : undefined
}
