import type { Change } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type { TagCreated } from '../../model/people.ts'
import { fold } from '../../model/text.ts'
import type { Draft } from './draft.ts'
import { countDown, countUp, type Rule, refused } from './rule.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

/** Of a workspace. */
const TAGS_MAX = 5_000
const FIELDS_MAX = 200

/**
 * What contacts are sorted by: tags, and the fields that a workspace adds. This is set-up, so the log does not tell of
 * it. A contact may go on naming a tag or field that was deleted; nobody is shown it.
 */
export const tagCreated: Rule<TagCreated> = {
  want: (draft, workspace, { name }) => {
    draft.want('tagNames', workspace, fold(name))
    draft.want('counters', workspace, 'tags')
  },
  decide: (draft, workspace, { id, name }) => {
    const taken = draft.get('tagNames', workspace, fold(name))
    if (taken !== undefined) return { ok: true, id: taken.tag, duplicate: true }
    if (!countUp(draft, workspace, 'tags', TAGS_MAX)) return refused('full', `there are ${TAGS_MAX} tags`)
    draft.insert('tags', { workspace, id, name, createdAt: draft.now })
    draft.put('tagNames', { workspace, key: fold(name), tag: id })
    return { ok: true, id }
  },
}

export const tagRenamed: Rule<Of<'tagRenamed'>> = {
  want: (draft, workspace, { tag, name }) => {
    const known = draft.want('tags', workspace, tag)
    if (known !== undefined) draft.want('tagNames', workspace, fold(known.name))
    draft.want('tagNames', workspace, fold(name))
  },
  decide: (draft, workspace, { tag, name }) => {
    const known = draft.get('tags', workspace, tag)
    if (known === undefined) return refused('notFound', 'no such tag')
    const taken = draft.get('tagNames', workspace, fold(name))
    if (taken !== undefined && taken.tag !== tag)
      return refused('exists', 'another tag has this name already')
    draft.remove('tagNames', workspace, fold(known.name))
    draft.put('tagNames', { workspace, key: fold(name), tag })
    draft.put('tags', { ...known, name })
    return { ok: true, id: tag }
  },
}

export const tagDeleted: Rule<Of<'tagDeleted'>> = {
  want: (draft, workspace, { tag }) => {
    const known = draft.want('tags', workspace, tag)
    if (known !== undefined) draft.want('tagNames', workspace, fold(known.name))
    draft.want('counters', workspace, 'tags')
  },
  decide: (draft, workspace, { tag }) => {
    const known = draft.get('tags', workspace, tag)
    if (known === undefined) return refused('notFound', 'no such tag')
    draft.remove('tags', workspace, tag)
    draft.remove('tagNames', workspace, fold(known.name))
    countDown(draft, workspace, 'tags')
    return { ok: true, id: tag }
  },
}

export const fieldCreated: Rule<Of<'fieldCreated'>> = {
  want: (draft, workspace, { field }) => {
    draft.want('fields', workspace, field.key)
    draft.want('counters', workspace, 'fields')
  },
  decide: (draft, workspace, { field }) => {
    if (draft.get('fields', workspace, field.key) !== undefined) {
      return refused('exists', `there is a field ${field.key} already`)
    }
    if (!countUp(draft, workspace, 'fields', FIELDS_MAX)) {
      return refused('full', `there are ${FIELDS_MAX} fields`)
    }
    draft.put('fields', { workspace, ...field, createdAt: draft.now })
    return { ok: true, id: field.key }
  },
}

export const fieldUpdated: Rule<Of<'fieldUpdated'>> = {
  want: wantField,
  decide: (draft, workspace, { field, set }) => {
    const known = draft.get('fields', workspace, field)
    if (known === undefined) return refused('notFound', 'no such field')
    if (set.options !== undefined && known.type !== 'list')
      return refused('invalid', 'only a list has options')
    draft.put('fields', { ...known, ...set })
    return { ok: true, id: field }
  },
}

export const fieldDeleted: Rule<Of<'fieldDeleted'>> = {
  want: wantField,
  decide: (draft, workspace, { field }) => {
    if (draft.get('fields', workspace, field) === undefined) return refused('notFound', 'no such field')
    draft.remove('fields', workspace, field)
    countDown(draft, workspace, 'fields')
    return { ok: true, id: field }
  },
}

function wantField(draft: Draft, workspace: WorkspaceId, { field }: { field: string }): void {
  draft.want('fields', workspace, field)
  draft.want('counters', workspace, 'fields')
}
