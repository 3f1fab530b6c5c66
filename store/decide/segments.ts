import type { Change } from '../../model/change.ts'
import { fold } from '../../model/text.ts'
import { countDown, countUp, type Rule, refused } from './rule.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

/** Of a workspace. */
const SEGMENTS_MAX = 1_000

/** Saved filters. This is set-up, so the log does not tell of it, as it does not of tags and fields. */
export const segmentCreated: Rule<Of<'segmentCreated'>> = {
  want: (draft, workspace, { name }) => {
    draft.want('segmentNames', workspace, fold(name))
    draft.want('counters', workspace, 'segments')
  },
  decide: (draft, workspace, { id, name, filter }) => {
    const key = fold(name)
    if (draft.get('segmentNames', workspace, key) !== undefined) return TAKEN
    if (!countUp(draft, workspace, 'segments', SEGMENTS_MAX))
      return refused('full', `there are ${SEGMENTS_MAX} segments`)
    const { now } = draft
    draft.insert('segments', { workspace, id, name, filter, createdAt: now, updatedAt: now })
    draft.put('segmentNames', { workspace, key, segment: id })
    return { ok: true, id }
  },
}

export const segmentUpdated: Rule<Of<'segmentUpdated'>> = {
  want: (draft, workspace, { segment, set }) => {
    const known = draft.want('segments', workspace, segment)
    if (known !== undefined) draft.want('segmentNames', workspace, fold(known.name))
    if (set.name !== undefined) draft.want('segmentNames', workspace, fold(set.name))
  },
  decide: (draft, workspace, { segment, set }) => {
    const known = draft.get('segments', workspace, segment)
    if (known === undefined) return refused('notFound', 'no such segment')
    const key = fold(set.name ?? known.name)
    const taken = draft.get('segmentNames', workspace, key)
    if (taken !== undefined && taken.segment !== segment) return TAKEN
    draft.remove('segmentNames', workspace, fold(known.name))
    draft.put('segmentNames', { workspace, key, segment })
    draft.put('segments', { ...known, ...set, updatedAt: draft.now })
    return { ok: true, id: segment }
  },
}

export const segmentDeleted: Rule<Of<'segmentDeleted'>> = {
  want: (draft, workspace, { segment }) => {
    const known = draft.want('segments', workspace, segment)
    if (known !== undefined) draft.want('segmentNames', workspace, fold(known.name))
    draft.want('counters', workspace, 'segments')
  },
  decide: (draft, workspace, { segment }) => {
    const known = draft.get('segments', workspace, segment)
    if (known === undefined) return refused('notFound', 'no such segment')
    draft.remove('segments', workspace, segment)
    draft.remove('segmentNames', workspace, fold(known.name))
    countDown(draft, workspace, 'segments')
    return { ok: true, id: segment }
  },
}

const TAKEN = refused('exists', 'another segment has this name already')
