import { isUser, userAddress } from '../../model/address.ts'
import type { Change, Identified } from '../../model/change.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../rows.ts'
import { consentOf } from './consent.ts'
import type { Draft } from './draft.ts'
import { wantAlike } from './likeness.ts'
import { mergeContacts, wantMerge } from './merge.ts'
import { amend, isSame, wantPerson } from './people.ts'
import { type Rule, refused } from './rule.ts'

type Contact = Rows['contacts']

/**
 * Whom a proven identity is. `own` is the contact of the visitor, `known` that of the identity: who had it before, on
 * another device, or else who has one of the addresses that were proven with it.
 *
 * | own | known | then |
 * |-----|-------|------|
 * | –   | –     | it is remembered for the first message |
 * | A   | –     | A gets the identity |
 * | –   | B     | the visitor becomes one of B's addresses |
 * | A   | A     | A gets what it lacks |
 * | A   | B     | A is merged into B (RULES F2) |
 *
 * Two identities are never one contact: people share computers and mailboxes, and to show one of them what another
 * wrote is the worst mistake there is.
 */
export const identified: Rule<Identified> = {
  want: (draft, workspace, change) => {
    draft.want('channels', workspace, change.channel)
    draft.want('visitors', workspace, change.channel, change.visitor)
    const { own, known } = wantBoth(draft, workspace, change)
    wantAlike(draft, workspace, [userAddress(change.externalId), ...change.addresses], {}, known ?? own)
    const user = userAddress(change.externalId)
    const before = [...(own?.addresses ?? []), ...(known?.addresses ?? [])]
    const visitor = { kind: 'webchat', value: change.visitor } as const
    consentOf(draft, workspace, [...before, visitor, user, ...change.addresses])
    if (own !== undefined && known !== undefined && own.id !== known.id) wantMerge(draft, [own, known])
  },
  decide: (draft, workspace, change) => {
    const { channel, visitor, epoch, externalId, addresses, name } = change
    if (draft.get('channels', workspace, channel)?.deletedAt !== null)
      return refused('notFound', `no channel ${channel}`)
    const row = draft.get('visitors', workspace, channel, visitor)
    if ((row?.epoch ?? 0) !== epoch) return refused('stale', 'the visitor has another token by now')
    const { own, known } = wantBoth(draft, workspace, change)
    const isOther = row?.externalId != null && row.externalId !== externalId
    if (isOther || (own !== undefined && isSomebodyElse(own, externalId))) {
      return refused('state', 'the visitor is somebody else already')
    }
    const isNew = row?.externalId !== externalId
    // Whoever holds a token from before may not be the one who logged in.
    const proven = { externalId, name, addresses, epoch: isNew ? epoch + 1 : epoch, at: draft.now }
    if (isNew || row.name !== name || !areSame(row.addresses, addresses)) {
      draft.put('visitors', { workspace, channel, visitor, ...proven })
    }
    const contact = joined(draft, own, known)
    if (contact === undefined) return { ok: true }
    return { ok: true, id: endow(draft, contact, change).id }
  },
}

/** Without a contact and an identity there is nothing that an old token could still show. */
export const visitorReset: Rule<Extract<Change, { kind: 'visitorReset' }>> = {
  want: (draft, workspace, { channel, visitor }) => {
    draft.want('visitors', workspace, channel, visitor)
    wantPerson(draft, workspace, { kind: 'webchat', value: visitor })
  },
  decide: (draft, workspace, { channel, visitor, epoch }) => {
    const row = draft.get('visitors', workspace, channel, visitor)
    const contact = contactOf(draft, workspace, visitor, row)
    if ((row?.epoch ?? 0) !== epoch || (row === undefined && contact === undefined)) {
      return { ok: true, duplicate: true }
    }
    const nobody = { externalId: null, name: null, addresses: [], epoch: epoch + 1, at: draft.now }
    draft.put('visitors', { workspace, channel, visitor, ...nobody })
    if (contact === undefined) return { ok: true }
    const data = { id: contact.id, changed: ['visitors'] }
    draft.event({ workspace, type: 'contact.updated', subject: contact.id, data, kept: data })
    return { ok: true, id: contact.id }
  },
}

function contactOf(
  draft: Draft,
  workspace: WorkspaceId,
  visitor: string,
  row: Rows['visitors'] | undefined,
): Contact | undefined {
  const own = wantPerson(draft, workspace, { kind: 'webchat', value: visitor })
  if (own !== undefined || row?.externalId == null) return own
  return wantPerson(draft, workspace, userAddress(row.externalId))
}

function wantBoth(
  draft: Draft,
  workspace: WorkspaceId,
  { visitor, externalId, addresses }: Identified,
): { own: Contact | undefined; known: Contact | undefined } {
  const own = wantPerson(draft, workspace, { kind: 'webchat', value: visitor })
  const user = wantPerson(draft, workspace, userAddress(externalId))
  const owners = addresses.map(address => wantPerson(draft, workspace, address))
  const other = owners.find(owner => owner !== undefined && !isSomebodyElse(owner, externalId))
  return { own, known: user ?? other }
}

function isSomebodyElse({ addresses }: Contact, externalId: string): boolean {
  const { value } = userAddress(externalId)
  return addresses.some(address => isUser(address) && address.value !== value)
}

function joined(draft: Draft, own: Contact | undefined, known: Contact | undefined): Contact | undefined {
  if (own === undefined || known === undefined || own.id === known.id) return known ?? own
  return mergeContacts(draft, own, known, { kind: 'contact', id: null })
}

/** The contact with all that the identity adds to it, and reached on this channel by it. */
function endow(
  draft: Draft,
  contact: Contact,
  { channel, visitor, externalId, ...told }: Identified,
): Contact {
  const { workspace } = contact
  const user = userAddress(externalId)
  const wanted = [{ kind: 'webchat' as const, value: visitor }, user, ...told.addresses]
  const news = wanted.filter(address => wantPerson(draft, workspace, address) === undefined)
  const name = contact.name ?? told.name
  const amended = news.length > 0 || name !== contact.name ? amend(draft, contact, news, name) : contact
  const reached = reachedBy(amended, channel, user)
  if (reached !== amended) draft.put('contacts', reached)
  return reached
}

function reachedBy(contact: Contact, channel: ChannelId, user: Contact['addresses'][number]): Contact {
  const known = contact.reach.find(one => one.channel === channel)
  if (known !== undefined && isSame(known.address, user)) return contact
  const isMerged = contact.family.length > 0
  const others = contact.reach.filter(
    one => one.channel !== channel || (isMerged && !isSame(one.address, user)),
  )
  return { ...contact, reach: [{ channel, address: user, seenAt: known?.seenAt ?? null }, ...others] }
}

function areSame(a: Contact['addresses'], b: Contact['addresses']): boolean {
  return (
    a.length === b.length && a.every((one, index) => isSame(one, b[index] ?? { kind: 'email', value: '' }))
  )
}
