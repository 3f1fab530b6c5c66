import { isDeepStrictEqual } from 'node:util'
import type { Change, ChannelCreated, ChannelResealed, ChannelUpdated } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import { ADDRESS_KEY } from '../pseudonym.ts'
import type { Rows } from '../rows.ts'
import { KEY_CHECK } from '../seal.ts'
import type { Draft } from './draft.ts'
import { type Rule, refused } from './rule.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

const FIRST = 'firstWorkspace'

export const workspaceCreated: Rule<Of<'workspaceCreated'>> = {
  want: (draft, _workspace, { first }) => {
    if (first === true) draft.want('meta', FIRST)
  },
  decide: (draft, workspace, { name, first }) => {
    if (draft.get('workspaces', workspace) !== undefined)
      return refused('exists', `${workspace} exists already`)
    if (first === true) {
      const known = draft.get('meta', FIRST)
      if (known !== undefined) return refused('exists', `${known.value} is the first workspace already`)
      draft.put('meta', { name: FIRST, value: workspace })
    }
    draft.put('workspaces', {
      id: workspace,
      name,
      head: 0,
      createdAt: draft.now,
      trimmed: 0,
      lastWithdrawal: 0,
    })
    return { ok: true, id: workspace }
  },
}

export const workspaceRenamed: Rule<Of<'workspaceRenamed'>> = {
  want: () => {},
  decide: (draft, workspace, { name }) => {
    const known = draft.get('workspaces', workspace)
    if (known === undefined) return refused('notFound', `no workspace ${workspace}`)
    draft.put('workspaces', { ...known, name })
    return { ok: true, id: workspace }
  },
}

export const channelCreated: Rule<ChannelCreated> = {
  want: (draft, workspace, { id, connector, providerKey }) => {
    draft.want('channels', workspace, id)
    draft.want('channelKeys', workspace, connector, providerKey)
  },
  decide: (draft, workspace, change) => {
    const { id, connector, name, config, providerKey, senderGroup, stops = null } = change
    if (draft.get('channels', workspace, id) !== undefined) return refused('exists', `${id} exists already`)
    const taken = draft.get('channelKeys', workspace, connector, providerKey)
    if (taken !== undefined)
      return refused('exists', `${providerKey} is the channel ${taken.channel} already`)
    draft.put('channelKeys', { workspace, connector, providerKey, channel: id })
    draft.put('channels', {
      workspace,
      id,
      connector,
      name,
      status: 'active',
      config,
      providerKey,
      senderGroup,
      health: { state: 'unknown' },
      createdAt: draft.now,
      updatedAt: draft.now,
      deletedAt: null,
      earlyUntil: null,
      stops,
      answers: null,
      live: null,
    })
    const data = { id, connector, name, status: 'active' }
    draft.event({ workspace, type: 'channel.created', subject: id, data, kept: data })
    return { ok: true, id }
  },
}

export const channelUpdated: Rule<ChannelUpdated> = {
  want: (draft, workspace, { channel, set }) => {
    const known = draft.want('channels', workspace, channel)
    if (known === undefined) return
    draft.want('channelKeys', workspace, known.connector, known.providerKey)
    if (set.providerKey !== undefined) draft.want('channelKeys', workspace, known.connector, set.providerKey)
  },
  decide: (draft, workspace, { channel, set }) => {
    const known = living(draft, workspace, channel)
    if (known === undefined) return refused('notFound', `no channel ${channel}`)
    if (set.providerKey !== undefined && set.providerKey !== known.providerKey) {
      const taken = draft.get('channelKeys', workspace, known.connector, set.providerKey)
      if (taken !== undefined)
        return refused('exists', `${set.providerKey} is the channel ${taken.channel} already`)
      draft.remove('channelKeys', workspace, known.connector, known.providerKey)
      draft.put('channelKeys', {
        workspace,
        connector: known.connector,
        providerKey: set.providerKey,
        channel,
      })
    }
    const updated = { ...known, ...set, updatedAt: draft.now }
    draft.put('channels', updated)
    const data = { id: channel, name: updated.name, status: updated.status, changed: Object.keys(set) }
    draft.event({ workspace, type: 'channel.updated', subject: channel, data, kept: data })
    draft.work.add(updated.senderGroup)
    return { ok: true, id: channel }
  },
}

/** Its row stays, because messages name it; its key is free for another (RULES B8). */
export const channelDeleted: Rule<Of<'channelDeleted'>> = {
  want: (draft, workspace, { channel }) => {
    const known = draft.want('channels', workspace, channel)
    if (known !== undefined) draft.want('channelKeys', workspace, known.connector, known.providerKey)
    draft.want('polls', workspace, channel)
  },
  decide: (draft, workspace, { channel }) => {
    const known = living(draft, workspace, channel)
    if (known === undefined) return refused('notFound', `no channel ${channel}`)
    draft.remove('channelKeys', workspace, known.connector, known.providerKey)
    draft.remove('polls', workspace, channel)
    draft.put('channels', { ...known, config: {}, updatedAt: draft.now, deletedAt: draft.now })
    const data = { id: channel, name: known.name, status: 'deleted', changed: ['status'] }
    draft.event({ workspace, type: 'channel.updated', subject: channel, data, kept: data })
    draft.work.add(known.senderGroup)
    return { ok: true, id: channel }
  },
}

export const channelHealth: Rule<Of<'channelHealth'>> = {
  want: (draft, workspace, { channel }) => {
    draft.want('channels', workspace, channel)
  },
  decide: (draft, workspace, { channel, health }) => {
    const known = living(draft, workspace, channel)
    if (known === undefined) return refused('notFound', `no channel ${channel}`)
    // Webhooks do not tell when.
    draft.put('channels', { ...known, health: { at: draft.now, ...health } })
    if (known.health.state === health.state && known.health.why === health.why)
      return { ok: true, duplicate: true }
    const data = { id: channel, state: health.state, why: health.why ?? null }
    draft.event({ workspace, type: 'channel.health', subject: channel, data, kept: data })
    return { ok: true, id: channel }
  },
}

/** What is read stays the same, so nobody is told; nodes hold it open already. */
export const channelResealed: Rule<ChannelResealed> = {
  want: (draft, workspace, { channel }) => {
    draft.want('channels', workspace, channel)
  },
  decide: (draft, workspace, { channel, from, config }) => {
    const known = living(draft, workspace, channel)
    if (known === undefined) return refused('notFound', `no channel ${channel}`)
    if (!isDeepStrictEqual(known.config, from)) return refused('stale', `${channel} was changed meanwhile`)
    draft.put('channels', { ...known, config })
    return { ok: true, id: channel }
  },
}

export const keyReplaced: Rule<Of<'keyReplaced'>> = {
  want: draft => {
    draft.want('meta', KEY_CHECK)
    draft.want('meta', ADDRESS_KEY)
  },
  decide: (draft, _workspace, { keyCheck, addressKey }) => {
    draft.put('meta', { name: KEY_CHECK, value: keyCheck })
    draft.put('meta', { name: ADDRESS_KEY, value: addressKey })
    return { ok: true }
  },
}

function living(draft: Draft, workspace: WorkspaceId, channel: string): Rows['channels'] | undefined {
  const known = draft.get('channels', workspace, channel)
  return known?.deletedAt === null ? known : undefined
}
