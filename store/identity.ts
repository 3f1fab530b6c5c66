import { rfc3339 } from '../model/clock.ts'
import type { Consent } from '../model/consent.ts'
import type { Candidate, MergedContact } from '../model/identity.ts'
import type { CandidateId, ContactId, WorkspaceId } from '../model/ids.ts'
import { familyOf, shownContacts, standing } from './people.ts'
import type { Pseudonym } from './pseudonym.ts'
import type { Rows } from './rows.ts'
import { columnsOf, marks, rowOf, type Steps, sql } from './sql.ts'
import type { Page } from './store.ts'

type Row = Rows['contacts']

/** Who may be who, and what people consent to. */
export type IdentityQueries = {
  /** What is known of the addresses of a contact; null if there is no such contact. */
  consents: { params: { workspace: WorkspaceId; contact: ContactId }; result: Consent[] | null }
  /** Pairs that may be one person and were not dismissed: all of them, or those of one contact. */
  candidates: { params: Page<CandidateId> & { contact?: ContactId }; result: Candidate[] }
  candidate: {
    params: { workspace: WorkspaceId; id: CandidateId }
    result: Pick<Rows['candidates'], 'one' | 'other'> | null
  }
}

export const IDENTITY_QUERIES: {
  [Q in keyof IdentityQueries]: (
    params: IdentityQueries[Q]['params'],
    pseudonym: Pseudonym,
  ) => Steps<IdentityQueries[Q]['result']>
} = {
  *consents({ workspace, contact }, pseudonym) {
    const row = yield* standing(workspace, contact)
    if (row === undefined) return null
    const names = row.addresses.map(address => pseudonym(workspace, address))
    const rows = yield sql(
      `SELECT ${columnsOf('consents')} FROM consents WHERE workspace = ? AND address IN (${marks(names)})`,
      [workspace, ...names],
    )
    const said = new Map(rows.map(raw => rowOf('consents', raw)).map(known => [known.address, known.said]))
    return row.addresses.flatMap((address, at) => {
      const own = said.get(names[at] ?? '') ?? []
      return own.map(one => ({
        ...one,
        address,
        channel: one.channel === '' ? null : one.channel,
        at: rfc3339(one.at),
      }))
    })
  },

  *candidates({ workspace, contact, limit, ...page }) {
    const found: Candidate[] = []
    const family = contact === undefined ? [] : yield* familyOf(workspace, contact)
    // By the two keys of a pair: through all of them would be a long way to the few of one contact.
    const ofContact = (side: string): string =>
      `SELECT * FROM candidates WHERE workspace = ? AND ${side} IN (${marks(family)})`
    const from = contact === undefined ? 'candidates' : `(${ofContact('one')} UNION ${ofContact('other')})`
    const about = contact === undefined ? [] : [workspace, ...family, workspace, ...family]
    for (let { after } = page; found.length < limit; ) {
      const rows = yield sql(
        `SELECT ${columnsOf('candidates', 'p')} FROM ${from} p
         JOIN contacts a ON a.workspace = p.workspace AND a.id = p.one
         JOIN contacts b ON b.workspace = p.workspace AND b.id = p.other
         WHERE p.workspace = ? AND p.dismissed_at IS NULL AND a.deleted_at IS NULL AND b.deleted_at IS NULL
           AND COALESCE(a.merged_into, a.id) <> COALESCE(b.merged_into, b.id)
           ${after === undefined ? '' : 'AND p.id < ?'} ORDER BY p.id DESC LIMIT ?`,
        [...about, workspace, ...(after === undefined ? [] : [after]), limit],
      )
      for (const raw of rows) {
        const shown = yield* candidateOf(rowOf('candidates', raw, 'p'))
        if (shown !== undefined && found.length < limit) found.push(shown)
      }
      if (rows.length < limit) break
      after = rows.at(-1)?.['p_id'] as CandidateId
    }
    return found
  },

  *candidate({ workspace, id }) {
    const [raw] = yield sql(
      `SELECT ${columnsOf('candidates')} FROM candidates WHERE workspace = ? AND id = ?`,
      [workspace, id],
    )
    if (raw === undefined) return null
    const { one, other } = rowOf('candidates', raw)
    return { one, other }
  },
}

/** The two as they stand by now; undefined if they are one meanwhile, or one of them is gone. */
function* candidateOf(row: Rows['candidates']): Steps<Candidate | undefined> {
  const { workspace, id, reason, at } = row
  const one = yield* standing(workspace, row.one)
  const other = yield* standing(workspace, row.other)
  if (one === undefined || other === undefined || one.id === other.id) return undefined
  const [first, second] = yield* shownContacts(workspace, [one, other])
  if (first === undefined || second === undefined) return undefined
  return { id, contacts: [first, second], reason, at: rfc3339(at) }
}

/** Those that were merged into each of these contacts. */
export function* mergedOf(
  workspace: WorkspaceId,
  rows: readonly Row[],
): Steps<(row: Row) => MergedContact[]> {
  const family = rows.flatMap(row => row.family)
  if (family.length === 0) return () => []
  const merges = yield sql(
    `SELECT ${columnsOf('merges')} FROM merges WHERE workspace = ? AND contact IN (${marks(family)})`,
    [workspace, ...family],
  )
  const merged = new Map(
    merges.map(raw => {
      const { contact, survivor, by, at } = rowOf('merges', raw)
      return [contact, { id: contact, into: survivor, by, at: rfc3339(at) } satisfies MergedContact]
    }),
  )
  return row => row.family.flatMap(id => merged.get(id) ?? [])
}
