import type { Address } from '../../model/address.ts'
import { CONSENT_CATEGORIES, type ConsentSum, sumOf } from '../../model/consent.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import type { Rows } from '../tables.ts'
import type { Draft } from './draft.ts'
import { isSame, putContact, wantContact } from './people.ts'

/**
 * What a contact consented to, in one word a category: the row carries it, so that filters find it. It is made anew
 * when one of its addresses is told of, comes or goes; `consents` stays what decides about a message.
 */
type Sums = Rows['contacts']['consent']

/** @param further addresses that are on their way to it */
export function wantSums(
  draft: Draft,
  workspace: WorkspaceId,
  contact: ContactId | undefined,
  further: readonly Address[] = [],
): void {
  const known = contact === undefined ? [] : (wantContact(draft, workspace, contact)?.addresses ?? [])
  sumsOf(draft, workspace, [...known, ...further.filter(address => !known.some(one => isSame(one, address)))])
}

/** The same where addresses only come or go: nothing can be known of them before anybody ever withdrew anything. */
export function wantJoined(
  draft: Draft,
  workspace: WorkspaceId,
  contact: ContactId | undefined,
  further: readonly Address[] = [],
): void {
  if (hasWithdrawals(draft, workspace)) wantSums(draft, workspace, contact, further)
}

export function noteSums(draft: Draft, workspace: WorkspaceId, contact: ContactId): void {
  const known = wantContact(draft, workspace, contact)
  if (known === undefined) return
  const consent = sumsOf(draft, workspace, known.addresses)
  const isNew = CONSENT_CATEGORIES.some(category => consent[category] !== known.consent[category])
  if (isNew) putContact(draft, { ...known, consent })
}

export function noteJoined(draft: Draft, workspace: WorkspaceId, contact: ContactId): void {
  if (hasWithdrawals(draft, workspace)) noteSums(draft, workspace, contact)
}

function hasWithdrawals(draft: Draft, workspace: WorkspaceId): boolean {
  return (draft.want('workspaces', workspace)?.lastWithdrawal ?? 0) > 0
}

function sumsOf(draft: Draft, workspace: WorkspaceId, addresses: readonly Address[]): Sums {
  const sums: Sums = {}
  const told = addresses.flatMap(address => {
    const key = draft.pseudonym(workspace, address)
    const channels = draft.want('consentChannels', workspace, key)?.channels ?? []
    return channels.map(channel => ({ key, channel }))
  })
  for (const category of CONSENT_CATEGORIES) {
    const known = told.flatMap(({ key, channel }) => {
      const row = draft.want('consents', workspace, key, channel, category)
      return row === undefined ? [] : [{ key, channel, state: row.state, at: row.at }]
    })
    const sum: ConsentSum = sumOf(known)
    if (sum !== 'unknown') sums[category] = sum
  }
  return sums
}
