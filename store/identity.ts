import type { Address } from '../model/address.ts'
import { rfc3339 } from '../model/clock.ts'
import { CONSENT_CATEGORIES, type Consent, type ConsentSums, sumOf } from '../model/consent.ts'
import type { Contact } from '../model/contact.ts'
import type { Candidate, MergedContact } from '../model/identity.ts'
import type { CandidateId, ContactId, WorkspaceId } from '../model/ids.ts'
import { familyOf, shownContacts, standing } from './people.ts'
import type { Pseudonym } from './pseudonym.ts'
import { columnsOf, marks, rowOf, type Steps, sql } from './sql.ts'
import type { Page } from './store.ts'
import type { Rows } from './tables.ts'

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
    const known = yield* knownOf(workspace, [row], pseudonym)
    return row.addresses.flatMap(address => {
      const own = known.get(pseudonym(workspace, address)) ?? []
      return own.map(({ channel, category, state, source, raw, at }) => ({
        ...{ address, channel: channel === '' ? null : channel, category, state, source, raw },
        at: rfc3339(at),
      }))
    })
  },

  *candidates({ workspace, contact, limit, ...page }, pseudonym) {
    const found: Candidate[] = []
    const family = contact === undefined ? [] : yield* familyOf(workspace, contact)
    const about =
      contact === undefined ? '' : `AND (p.one IN (${marks(family)}) OR p.other IN (${marks(family)}))`
    for (let { after } = page; found.length < limit; ) {
      const rows = yield sql(
        `SELECT ${columnsOf('candidates', 'p')} FROM candidates p
         JOIN contacts a ON a.workspace = p.workspace AND a.id = p.one
         JOIN contacts b ON b.workspace = p.workspace AND b.id = p.other
         WHERE p.workspace = ? AND p.dismissed_at IS NULL AND a.deleted_at IS NULL AND b.deleted_at IS NULL
           AND COALESCE(a.merged_into, a.id) <> COALESCE(b.merged_into, b.id)
           ${about} ${after === undefined ? '' : 'AND p.id < ?'} ORDER BY p.id DESC LIMIT ?`,
        [...[workspace, ...family, ...family], ...(after === undefined ? [] : [after]), limit],
      )
      for (const raw of rows) {
        const shown = yield* candidateOf(rowOf('candidates', raw, 'p'), pseudonym)
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
function* candidateOf(row: Rows['candidates'], pseudonym: Pseudonym): Steps<Candidate | undefined> {
  const { workspace, id, reason, at } = row
  const one = yield* standing(workspace, row.one)
  const other = yield* standing(workspace, row.other)
  if (one === undefined || other === undefined || one.id === other.id) return undefined
  const [first, second] = yield* shownContacts(workspace, [one, other], pseudonym)
  if (first === undefined || second === undefined) return undefined
  return { id, contacts: [first, second], reason, at: rfc3339(at) }
}

/** Parameters of one statement. */
const NAMES_MAX = 500

/** Rows of consent by the name of their address, of all addresses that these contacts have. */
function* knownOf(
  workspace: WorkspaceId,
  rows: readonly Row[],
  pseudonym: Pseudonym,
): Steps<Map<string, Rows['consents'][]>> {
  // Where nobody ever said anything, no name has to be made.
  const any = yield sql('SELECT 1 AS one FROM consents WHERE workspace = ? LIMIT 1', [workspace])
  if (any.length === 0) return new Map()
  const addresses: Address[] = rows.flatMap(row => row.addresses)
  const names = [...new Set(addresses.map(address => pseudonym(workspace, address)))]
  const found: Rows['consents'][] = []
  for (let at = 0; at < names.length; at += NAMES_MAX) {
    const some = names.slice(at, at + NAMES_MAX)
    const raws = yield sql(
      `SELECT ${columnsOf('consents')} FROM consents WHERE workspace = ? AND address IN (${marks(some)})
       ORDER BY address, channel, category`,
      [workspace, ...some],
    )
    found.push(...raws.map(raw => rowOf('consents', raw)))
  }
  return Map.groupBy(found, row => row.address)
}

/** What a contact shows besides its own row. */
type Besides = Pick<Contact, 'consent' | 'merged'>

export function* besidesOf(
  workspace: WorkspaceId,
  rows: readonly Row[],
  pseudonym: Pseudonym,
): Steps<(row: Row) => Besides> {
  const known = yield* knownOf(workspace, rows, pseudonym)
  const family = rows.flatMap(row => row.family)
  const merges =
    family.length === 0
      ? []
      : yield sql(
          `SELECT ${columnsOf('merges')} FROM merges WHERE workspace = ? AND contact IN (${marks(family)})
           ORDER BY at, contact`,
          [workspace, ...family],
        )
  const merged = new Map(
    merges.map(raw => {
      const { contact, survivor, by, at } = rowOf('merges', raw)
      return [contact, { id: contact, into: survivor, by, at: rfc3339(at) } satisfies MergedContact]
    }),
  )
  return row => ({
    consent: sumsOf(
      row.addresses.flatMap(address => known.get(pseudonymIn(known, workspace, address, pseudonym)) ?? []),
    ),
    merged: row.family.flatMap(id => merged.get(id) ?? []),
  })
}

/** No name is made where there is nothing under any. */
function pseudonymIn(
  known: ReadonlyMap<string, unknown>,
  workspace: WorkspaceId,
  address: Address,
  pseudonym: Pseudonym,
): string {
  return known.size === 0 ? '' : pseudonym(workspace, address)
}

function sumsOf(rows: readonly Rows['consents'][]): ConsentSums {
  const sums = CONSENT_CATEGORIES.map(category => {
    const own = rows.filter(row => row.category === category)
    return [category, sumOf(own.map(({ address: key, channel, state, at }) => ({ key, channel, state, at })))]
  })
  return Object.fromEntries(sums) as ConsentSums
}
