import type { Change, FileCreated, MediaFetched } from '../../model/change.ts'
import type { Rows } from '../rows.ts'
import { closeConversation } from './conversations.ts'
import { tellMedia } from './messages.ts'
import { countDown, countUp, type Rule, refused } from './rule.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

/** How many rejected deliveries of a channel are kept (RULES B7); the newest are refused, the first tell the cause. */
const REJECTED_MAX = 1000

/** Files, rejected deliveries and closed conversations: what is kept beside messages. */
export const rejected: Rule<Of<'rejected'>> = {
  want: (draft, workspace, { channel }) => {
    draft.want('channels', workspace, channel)
    draft.want('counters', workspace, `rejected ${channel}`)
  },
  decide: (draft, workspace, { channel, why, raw, contentType }) => {
    if (draft.get('channels', workspace, channel) === undefined)
      return refused('notFound', `no channel ${channel}`)
    if (!countUp(draft, workspace, `rejected ${channel}`, REJECTED_MAX)) {
      return refused('full', `${REJECTED_MAX} rejected deliveries of this channel are kept already`)
    }
    const id = draft.newId('rej')
    draft.append('rejected', { workspace, id, channel, why, raw, contentType, at: draft.now })
    const data = { id, channel, why, size: raw.byteLength }
    draft.event({ workspace, type: 'intake.rejected', subject: id, data, kept: data })
    return { ok: true, id }
  },
}

/** Whoever asks twice, or at the same time as another, removes it once. */
export const rejectedRemoved: Rule<Of<'rejectedRemoved'>> = {
  want: (draft, workspace, { id }) => {
    const known = draft.want('rejected', workspace, id)
    if (known !== undefined) draft.want('counters', workspace, `rejected ${known.channel}`)
  },
  decide: (draft, workspace, { id }) => {
    const known = draft.get('rejected', workspace, id)
    if (known === undefined) return { ok: true, duplicate: true }
    draft.remove('rejected', workspace, id)
    // It makes room for another of its channel.
    countDown(draft, workspace, `rejected ${known.channel}`)
    return { ok: true, id }
  },
}

export const closed: Rule<Of<'closed'>> = {
  want: (draft, workspace, { conversation }) => {
    const known = draft.want('conversations', workspace, conversation)
    if (known !== undefined) draft.want('openConversations', workspace, known.contact, known.thread)
  },
  decide: (draft, workspace, { conversation, by, note }) => {
    const known = draft.get('conversations', workspace, conversation)
    if (known === undefined) return refused('notFound', `no conversation ${conversation}`)
    if (known.status === 'closed') return refused('state', 'it is closed already')
    closeConversation(draft, known, by, note)
    return { ok: true, id: conversation }
  },
}

export const fileCreated: Rule<FileCreated> = {
  want: (draft, workspace, { id, upload }) => {
    draft.want('files', workspace, id)
    if (upload !== undefined) draft.want('channels', workspace, upload.channel)
  },
  decide: (draft, workspace, { id, sha256, size, mimeType, name, upload }) => {
    if (upload !== undefined && draft.get('channels', workspace, upload.channel)?.deletedAt !== null)
      return refused('notFound', `no channel ${upload.channel}`)
    if (draft.get('files', workspace, id) !== undefined) return refused('exists', `${id} exists already`)
    draft.put('files', {
      id,
      workspace,
      message: null,
      channel: upload?.channel ?? null,
      state: 'stored',
      foreign: upload === undefined ? null : { ref: upload.ref, mimeType },
      mimeType,
      name,
      size,
      sha256,
      attempts: 0,
      nextAt: null,
      deadline: null,
      why: null,
      createdAt: draft.now,
    })
    return { ok: true, id }
  },
}

/** Fetching inbound media: pending → due → stored | failed. Only the two ends are events. */
export const mediaFetched: Rule<MediaFetched> = {
  want: (draft, workspace, { file }) => {
    draft.want('files', workspace, file)
  },
  decide: (draft, workspace, { file, result }) => {
    const known = draft.get('files', workspace, file)
    if (known === undefined) return refused('notFound', `no file ${file}`)
    if (known.state === 'stored' || known.state === 'failed') return { ok: true, duplicate: true }
    if (known.state === 'deleted') {
      // The bytes came after all; named here, they go with the others.
      const { sha256 } = result.is === 'stored' ? result : known
      draft.put('files', { ...known, sha256, nextAt: draft.now })
      return { ok: true, duplicate: true }
    }
    if (result.is === 'due') {
      if (known.state === 'due') return { ok: true, duplicate: true }
      draft.put('files', { ...known, state: 'due', nextAt: result.at, deadline: result.deadline })
      return { ok: true, id: file }
    }
    const attempts = known.attempts + 1
    if (result.is === 'retry') {
      draft.put('files', { ...known, attempts, nextAt: result.at, why: result.why })
      return { ok: true, id: file }
    }
    const ended: Rows['files'] =
      result.is === 'stored'
        ? { ...known, ...stored(result), attempts, nextAt: null, why: null }
        : { ...known, state: 'failed', attempts, nextAt: null, why: result.why }
    draft.put('files', ended)
    tellMedia(draft, ended)
    return { ok: true, id: file }
  },
}

function stored(result: {
  sha256: string
  size: number
  mimeType: string
}): Partial<Rows['files']> & { state: 'stored' } {
  return { state: 'stored', sha256: result.sha256, size: result.size, mimeType: result.mimeType }
}
