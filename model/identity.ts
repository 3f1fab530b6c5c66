import type { Contact } from './contact.ts'
import type { FieldValue } from './field.ts'
import type { CandidateId, ChannelId, ContactId, ConversationId, TagId } from './ids.ts'
import type { Source } from './message.ts'

/** What is known of who is who (RULES F2). */
export type IdentityChange = ContactMerged | ContactSplit | CandidateDismissed

/** `from` turned out to be `into`, who stands for both from here on. */
export type ContactMerged = { kind: 'contactMerged'; from: ContactId; into: ContactId; by: MergedBy }

/** The merge of this contact into another was wrong: it stands for itself again. */
export type ContactSplit = { kind: 'contactSplit'; contact: ContactId; by: MergedBy }

/** These two are not one person, whatever they have in common: they are not proposed again. */
export type CandidateDismissed = {
  kind: 'candidateDismissed'
  id: CandidateId
  one: ContactId
  other: ContactId
}

/** `contact`: by what the person proved itself. */
export type MergedBy = { kind: Extract<Source['kind'], 'agent' | 'api' | 'contact'>; id: string | null }

/** One that was merged into a contact, or into one of those: it can be split off again. */
export type MergedContact = { id: ContactId; into: ContactId; by: MergedBy; at: string }

/** What a merged contact gave to its survivor, which had nothing there. */
export type Given = {
  set: { [K in GivenName]?: string }
  fields: Record<string, FieldValue>
  tags: TagId[]
}
export const GIVEN_NAMES = ['name', 'language', 'country', 'timeZone'] as const
type GivenName = (typeof GIVEN_NAMES)[number]

/** Kept for as long as a merge lasts, so that a split is its exact inverse. */
export type MergeRecord = {
  given: Given
  /** Where and when the survivor had been heard last before the first of its merges. */
  own: { lastChannel: ChannelId | null; seenAt: number | null }
  /** Of two open conversations the one that was closed; and what an earlier split could not open again yet. */
  closed: ClosedByMerge[]
}

/** A conversation as a merge left it. */
export type ClosedByMerge = { conversation: ConversationId; version: number; lastChannel: ChannelId | null }

/** Why two contacts may be one: an e-mail address or a phone that is written in several ways, or an id of yours. */
export const LIKENESS_REASONS = ['email', 'phone', 'externalId'] as const
export type LikenessReason = (typeof LIKENESS_REASONS)[number]

/** Two contacts that may be one person, as the API shows them. */
export type Candidate = {
  id: CandidateId
  contacts: [Contact, Contact]
  reason: LikenessReason
  at: string
}
