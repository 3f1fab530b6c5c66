import { type Address, isUser, phoneVariants, userAddress } from '../../model/address.ts'
import type { FieldValue } from '../../model/field.ts'
import type { CandidateDismissed, LikenessReason } from '../../model/identity.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import type { Draft } from './draft.ts'
import { wantContact, wantPerson } from './people.ts'
import { type Rule, refused } from './rule.ts'

type Contact = Rows['contacts']

/**
 * Who may be one person (RULES B6). Nothing is searched for: an address or a field that somebody gets says under which
 * other names it would be known, and what is found there is proposed as a pair. The other form of a phone is looked up
 * among the addresses; what only looks alike when folded has a row of its own, under a keyed hash: nothing in it has to
 * be erased with a person (RULES A6).
 */
type Alias = { reason: LikenessReason } & ({ address: Address } | { likeness: Address })

/** A field of this key is the company's own name for a person, as a website proves it (`userAddress`). */
const EXTERNAL_ID = 'externalId'

function aliasesOf(address: Address): Alias[] {
  const { kind, value } = address
  if (kind === 'phone') {
    return phoneVariants(value).map(variant => ({ reason: 'phone', address: { kind, value: variant } }))
  }
  if (kind === 'email') {
    const folded = value.toLowerCase()
    const plain: Alias[] = folded === value ? [] : [{ reason: 'email', address: { kind, value: folded } }]
    return [...plain, { reason: 'email', likeness: { kind, value: folded } }]
  }
  return isUser(address) ? [{ reason: 'externalId', likeness: address }] : []
}

function aliasesOfFields(fields: Record<string, FieldValue | null>): Alias[] {
  const value = fields[EXTERNAL_ID]
  if (value === undefined || value === null) return []
  const user = userAddress(String(value))
  return [
    { reason: 'externalId', address: user },
    { reason: 'externalId', likeness: user },
  ]
}

/** Everybody who has an address, in whichever form it is written: consent is that of all its forms. */
export function wantHolders(draft: Draft, workspace: WorkspaceId, address: Address): Contact[] {
  const forms = aliasesOf(address).filter(({ reason }) => reason !== 'externalId')
  const found = [
    wantPerson(draft, workspace, address),
    ...forms.map(form => holderOf(draft, workspace, form)),
  ]
  const known = found.filter(contact => contact !== undefined)
  return known.filter((contact, at) => known.findIndex(other => other.id === contact.id) === at)
}

/** What `proposeAlike` will read. */
export function wantAlike(
  draft: Draft,
  workspace: WorkspaceId,
  addresses: readonly Address[],
  fields: Record<string, FieldValue | null> = {},
  own?: Contact,
): void {
  for (const alias of [...addresses.flatMap(aliasesOf), ...aliasesOfFields(fields)]) {
    const holder = holderOf(draft, workspace, alias)
    if (holder !== undefined && own !== undefined)
      draft.want('candidates', workspace, ...pairOf(holder.id, own.id))
  }
}

/** Proposes whoever has the same under another name, and remembers this contact under those. */
export function proposeAlike(
  draft: Draft,
  contact: Contact,
  addresses: readonly Address[],
  fields: Record<string, FieldValue | null> = {},
): void {
  for (const address of addresses) {
    // Written as everybody writes it, the address itself is where it is found.
    const isPlain = address.kind === 'email' && address.value === address.value.toLowerCase()
    for (const alias of aliasesOf(address)) {
      propose(draft, contact, alias)
      if (!isPlain && address.kind === 'email') remember(draft, contact, alias)
    }
  }
  for (const alias of aliasesOfFields(fields)) {
    propose(draft, contact, alias)
    remember(draft, contact, alias)
  }
}

function holderOf(draft: Draft, workspace: WorkspaceId, alias: Alias): Contact | undefined {
  const row =
    'address' in alias
      ? draft.want('addresses', workspace, alias.address.kind, alias.address.value)
      : draft.want('likenesses', workspace, alias.reason, draft.pseudonym(workspace, alias.likeness))
  return row === undefined ? undefined : wantContact(draft, workspace, row.contact)
}

function propose(draft: Draft, contact: Contact, alias: Alias): void {
  const { workspace } = contact
  const holder = holderOf(draft, workspace, alias)
  if (holder === undefined || holder.id === contact.id || holder.kind !== contact.kind) return
  const [one, other] = pairOf(holder.id, contact.id)
  // Proposed before, or dismissed.
  if (draft.want('candidates', workspace, one, other) !== undefined) return
  const { reason } = alias
  const id = draft.newId('cnd')
  draft.put('candidates', { workspace, one, other, id, reason, at: draft.now, dismissedAt: null })
}

/** The first who has it stays, for as long as there is one. */
function remember(draft: Draft, contact: Contact, alias: Alias): void {
  if (!('likeness' in alias) || holderOf(draft, contact.workspace, alias) !== undefined) return
  const { workspace, id } = contact
  const key = draft.pseudonym(workspace, alias.likeness)
  draft.put('likenesses', { workspace, kind: alias.reason, key, contact: id })
}

function pairOf(a: ContactId, b: ContactId): [ContactId, ContactId] {
  return a < b ? [a, b] : [b, a]
}

export const candidateDismissed: Rule<CandidateDismissed> = {
  want: (draft, workspace, { one, other }) => {
    draft.want('candidates', workspace, one, other)
  },
  decide: (draft, workspace, { id, one, other }) => {
    const known = draft.get('candidates', workspace, one, other)
    if (known?.id !== id) return refused('notFound', `no candidate ${id}`)
    if (known.dismissedAt !== null) return { ok: true, id, duplicate: true }
    draft.put('candidates', { ...known, dismissedAt: draft.now })
    return { ok: true, id }
  },
}
