import type { Change, Outcome } from '../../model/change.ts'
import type { WorkspaceId } from '../../model/ids.ts'
import type {
  ContactsImported,
  ImportCounts,
  ImportRow,
  ImportStarted,
  Reject,
  RejectCode,
} from '../../model/import.ts'
import { fold } from '../../model/text.ts'
import type { Rows } from '../rows.ts'
import { importShare } from '../view.ts'
import type { Draft } from './draft.ts'
import { applyRow, wantRow } from './imported.ts'
import { type Rule, refused } from './rule.ts'
import { tagCreated } from './sorting.ts'

type Import = Rows['imports']
type Ended = Extract<Change, { kind: 'importEnded' }>

/** Of the report of one import; what is beyond is counted. A file with more has another fault than its rows. */
const REJECTS_MAX = 100_000
/** Shown with the import itself. */
const ERRORS_MAX = 20
/** Between two events that tell how far an import is. */
const TELL_MS = 1_000

/** Contacts out of a file: the import is a row with a position in the file, which moves with what was read. */
export const importStarted: Rule<ImportStarted> = {
  want: (draft, workspace, { hash }) => {
    const known = draft.want('importKeys', workspace, hash)
    if (known !== undefined) draft.want('imports', workspace, known.import)
  },
  decide: (draft, workspace, { id, file, plan, hash, again, by }) => {
    const known = draft.get('importKeys', workspace, hash)
    const first = known && draft.get('imports', workspace, known.import)
    const stands = first !== undefined && first.state !== 'failed' && first.state !== 'cancelled'
    keepFile(draft, workspace, file, stands && !again)
    if (stands && !again) return { ok: true, id: first.id, duplicate: true }
    draft.put('importKeys', { workspace, hash, import: id })
    const started: Import = {
      ...{ workspace, id, state: 'waiting', file: file.id, name: file.name, size: file.size, plan, hash },
      ...{ position: 0, bytes: 0, counts: NONE, errors: [], why: null, createdBy: by },
      ...{ createdAt: draft.now, startedAt: null, toldAt: draft.now, endedAt: null },
    }
    draft.insert('imports', started)
    tell(draft, started)
    return { ok: true, id }
  },
}

export const contactsImported: Rule<ContactsImported> = {
  want: (draft, workspace, change) => {
    draft.want('leases', change.lease.group)
    wantImport(draft, workspace, change)
    for (const name of change.tags) draft.want('tagNames', workspace, fold(name))
    if (change.tags.length > 0) draft.want('counters', workspace, 'tags')
    for (const row of rowsOf(change)) wantRow(draft, workspace, row)
  },
  decide: (draft, workspace, change) => {
    const known = draft.get('imports', workspace, change.import)
    if (known === undefined) return refused('notFound', `no import ${change.import}`)
    if (known.endedAt !== null) return refused('state', `the import is ${known.state}`)
    if (
      draft.get('leases', change.lease.group)?.fence !== change.lease.fence ||
      known.position !== change.from
    )
      return refused('stale', 'another node goes on with it')
    const { counts, rejected } = applied(draft, workspace, change, known)
    keepRejects(draft, known, rejected)
    const isDue = change.last || draft.now - known.toldAt >= TELL_MS || draft.now < known.toldAt
    const moved: Import = {
      ...known,
      state: change.last ? 'finished' : 'running',
      position: change.to,
      bytes: change.last ? known.size : Math.min(known.size, known.bytes + change.bytes),
      counts,
      errors: [...known.errors, ...rejected.map(shownError)].slice(0, ERRORS_MAX),
      startedAt: known.startedAt ?? draft.now,
      toldAt: isDue ? draft.now : known.toldAt,
      endedAt: change.last ? draft.now : null,
    }
    draft.put('imports', moved)
    if (change.last) dropFile(draft, moved)
    if (isDue) tell(draft, moved)
    return { ok: true, id: known.id }
  },
}

export const importEnded: Rule<Ended> = {
  want: wantImport,
  decide: (draft, workspace, { import: id, as, why = null }) => {
    const known = draft.get('imports', workspace, id)
    if (known === undefined) return refused('notFound', 'no such import')
    if (known.state === as) return { ok: true, id, duplicate: true }
    if (known.endedAt !== null) return refused('state', `it is ${known.state} already`)
    const ended: Import = { ...known, state: as, why, toldAt: draft.now, endedAt: draft.now }
    draft.put('imports', ended)
    dropFile(draft, ended)
    tell(draft, ended)
    return { ok: true, id }
  },
}

const NONE: ImportCounts = { read: 0, created: 0, updated: 0, unchanged: 0, rejected: 0, repeated: 0 }

function wantImport(draft: Draft, workspace: WorkspaceId, { import: id }: { import: Import['id'] }): void {
  const known = draft.want('imports', workspace, id)
  if (known !== undefined) draft.want('files', workspace, known.file)
}

/** Applies the rows in order; each sees those before it, so that of two about one person the later one updates. */
function applied(
  draft: Draft,
  workspace: WorkspaceId,
  change: ContactsImported,
  { counts: before, plan }: Import,
): { counts: ImportCounts; rejected: Reject[] } {
  const { dryRun } = plan
  const counts = { ...before, read: before.read + rowsOf(change).length + change.rejected.length }
  const rejected = [...change.rejected]
  const tags = change.tags.map(name => tagNamed(draft, workspace, name, dryRun))
  for (const row of rowsOf(change)) {
    const result = applyRow(draft, workspace, row, { tags, dryRun })
    if (typeof result === 'string') counts[result] += 1
    else rejected.push({ line: row.line, raw: row.raw, column: null, ...result })
    if (row.again === true) counts.repeated += 1
  }
  counts.rejected += rejected.length
  return { counts, rejected: rejected.toSorted((a, b) => a.line - b.line) }
}

/** Makes it if there is none, unless nothing is to be made. */
function tagNamed(draft: Draft, workspace: WorkspaceId, name: string, dryRun: boolean): NamedTag {
  const known = draft.get('tagNames', workspace, fold(name))
  if (known !== undefined || dryRun) return { id: known?.tag ?? null }
  const made: Outcome = tagCreated.decide(draft, workspace, {
    kind: 'tagCreated',
    id: draft.newId('tag'),
    name,
  })
  return made.ok ? { id: made.id as Rows['tags']['id'] } : { fault: made.detail }
}

/** null: a dry run would make it. */
export type NamedTag = { id: Rows['tags']['id'] | null } | { fault: string }
export type RowFault = { code: RejectCode; detail: string }

const read = new WeakMap<ContactsImported, ImportRow[]>()

/** The rows of a change, read once for all the rounds that it goes through. */
function rowsOf(change: ContactsImported): ImportRow[] {
  const known = read.get(change) ?? (JSON.parse(change.rows) as ImportRow[])
  read.set(change, known)
  return known
}

/** The bytes of a file that is read no more, or never will be, go with the next sweep: they are full of people. */
function keepFile(
  draft: Draft,
  workspace: WorkspaceId,
  { id, sha256, size, name }: ImportStarted['file'],
  isDropped: boolean,
): void {
  draft.insert('files', {
    ...{ workspace, id, message: null, channel: null, foreign: null },
    ...{ mimeType: 'text/csv', name, size, sha256, attempts: 0, deadline: null, why: null },
    state: isDropped ? 'deleted' : 'stored',
    nextAt: isDropped ? draft.now : null,
    createdAt: draft.now,
  })
}

function dropFile(draft: Draft, { workspace, file: id }: Import): void {
  const file = draft.get('files', workspace, id)
  if (file !== undefined) draft.put('files', { ...file, state: 'deleted', nextAt: draft.now })
}

function keepRejects(draft: Draft, { workspace, id, counts }: Import, rejected: readonly Reject[]): void {
  for (const reject of rejected.slice(0, Math.max(0, REJECTS_MAX - counts.rejected))) {
    draft.append('importRejects', { workspace, import: id, ...reject, at: draft.now })
  }
}

function shownError({ line, code, column, detail }: Reject): Import['errors'][number] {
  return { line, code, column, detail }
}

function tell(draft: Draft, known: Import): void {
  const { workspace, id, state, plan, counts } = known
  const data = { id, state, dryRun: plan.dryRun, progress: importShare(known), rows: counts }
  draft.event({ workspace, type: 'contact.import', subject: id, data, kept: data })
}
