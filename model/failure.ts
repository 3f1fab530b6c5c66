/**
 * Every way in which a message can fail, told once. Each entry answers four questions:
 *
 * - `retry`: is trying again of use? `never`; `later` with our own back-off; `after` the time the provider names.
 * - `certain`: did the provider surely not take it? Certainty decides retries: an uncertain failure is never
 *   followed by a blind second send (RULES C5).
 * - `blame`: who has to act? `us`, the `channel`'s owner, the `recipient`, the `provider`.
 * - `scope`: what else would fail for the same reason now, and therefore waits: this `message` alone, everything to
 *   this `recipient`, the whole `channel`, the provider `account`.
 *
 * The table is compared with `docs/failures.md` in both directions.
 */
export type FailureKind = {
  retry: 'never' | 'later' | 'after'
  certain: boolean
  blame: 'us' | 'channel' | 'recipient' | 'provider'
  scope: 'message' | 'recipient' | 'channel' | 'account'
  says: string
}

const of = (
  retry: FailureKind['retry'],
  certain: boolean,
  blame: FailureKind['blame'],
  scope: FailureKind['scope'],
  says: string,
): FailureKind => ({ retry, certain, blame, scope, says })

export const FAILURES = {
  // Ours
  expired: of('never', true, 'us', 'message', 'It could not be sent before its time ran out.'),
  cancelled: of('never', true, 'us', 'message', 'It was cancelled before it was sent.'),
  notSent: of(
    'never',
    true,
    'us',
    'message',
    'An earlier part of the message failed, so this part was not sent.',
  ),
  uncertain: of(
    'never',
    false,
    'provider',
    'message',
    'The provider never said whether it took the message.',
  ),
  attemptsUsed: of('never', true, 'provider', 'message', 'Every attempt failed.'),
  channelGone: of(
    'never',
    true,
    'channel',
    'message',
    'The channel was deleted before the message was sent.',
  ),
  contentUnsupported: of('never', true, 'us', 'message', 'The channel cannot carry this kind of content.'),
  contentTooLarge: of(
    'never',
    true,
    'us',
    'message',
    'A part of the content is larger than the channel allows.',
  ),
  badRequest: of('never', true, 'us', 'message', 'The provider refused the request as malformed.'),
  internal: of('never', true, 'us', 'message', 'A defect of Omnibus kept the message from being sent.'),
  // The way there
  unreachable: of('later', true, 'provider', 'channel', 'The provider could not be reached.'),
  blockedByEgress: of('never', true, 'channel', 'message', 'The address is private and not in egress.allow.'),
  noAnswer: of('never', false, 'provider', 'message', 'The connection broke after the request was sent.'),
  providerFault: of('later', true, 'provider', 'message', 'The provider reported a fault of its own.'),
  providerDown: of('later', true, 'provider', 'channel', 'The provider says that it is temporarily down.'),
  // Speed
  throttledRecipient: of('after', true, 'channel', 'recipient', 'Too many messages to this recipient.'),
  throttledChannel: of(
    'after',
    true,
    'channel',
    'channel',
    'The channel sends faster than the provider allows.',
  ),
  throttledAccount: of(
    'after',
    true,
    'channel',
    'account',
    'The account calls faster than the provider allows.',
  ),
  spamLimited: of(
    'after',
    true,
    'channel',
    'channel',
    'The provider limits the channel because of spam reports.',
  ),
  marketingLimited: of(
    'never',
    true,
    'recipient',
    'message',
    'The recipient gets no more marketing for now.',
  ),
  // The recipient
  windowClosed: of('never', true, 'recipient', 'message', 'The window for free messages is closed.'),
  optedOut: of('never', true, 'recipient', 'message', 'The recipient does not want such messages.'),
  blocked: of(
    'never',
    true,
    'recipient',
    'message',
    'The recipient and the business have blocked each other.',
  ),
  undeliverable: of(
    'never',
    true,
    'recipient',
    'message',
    'The recipient cannot be reached on this channel.',
  ),
  recipientInvalid: of(
    'never',
    true,
    'recipient',
    'message',
    'The address is not one this channel can send to.',
  ),
  regionNotAllowed: of('never', true, 'channel', 'message', 'The account may not write to this country.'),
  filtered: of(
    'never',
    true,
    'channel',
    'message',
    'The provider or a carrier took the message for unwanted.',
  ),
  // The account
  credentials: of('later', true, 'channel', 'channel', 'The provider does not accept the credentials.'),
  permission: of('later', true, 'channel', 'channel', 'The credentials lack a permission.'),
  conflict: of('later', true, 'channel', 'channel', 'Another program uses the account in our place.'),
  accountRestricted: of('later', true, 'channel', 'account', 'The provider has restricted the account.'),
  payment: of('later', true, 'channel', 'account', 'The account has a payment problem.'),
  notRegistered: of('later', true, 'channel', 'channel', 'The sender is not registered with the provider.'),
  featureDisabled: of(
    'never',
    true,
    'channel',
    'message',
    'The account has this kind of message switched off.',
  ),
  // Templates and media
  templateMissing: of(
    'never',
    true,
    'channel',
    'message',
    'There is no such approved template in this language.',
  ),
  templateParameters: of('never', true, 'us', 'message', 'The values do not fit the template.'),
  templatePaused: of(
    'never',
    true,
    'channel',
    'message',
    'The provider has paused or disabled the template.',
  ),
  mediaFailed: of('never', true, 'us', 'message', 'The media could not be fetched, read or uploaded.'),
} as const satisfies Record<string, FailureKind>

/** How often a part is tried at most (RULES C8). */
export const ATTEMPTS_MAX = 8

export type FailureCode = keyof typeof FAILURES

/** What a message keeps about its failure. `provider` is the provider's own word for it, unchanged. */
export type Failure = {
  code: FailureCode
  provider?: { code: string; title?: string; detail?: string }
  /** How long the provider asked us to wait, in milliseconds. */
  retryAfterMs?: number
  /** Some provider faults are worth fewer attempts than the queue's own bound. */
  attemptsMax?: number
}

export function kindOf(failure: Failure): FailureKind {
  return FAILURES[failure.code]
}

/** Failures that only the channel's owner can mend: they make its health `failing` until a send succeeds. */
export function tellsFailing(failure: Failure): boolean {
  const { blame, retry } = kindOf(failure)
  return blame === 'channel' && retry === 'later'
}

/** What `connector.send` throws. Anything else that it throws is a defect and becomes `internal`. */
export class SendFailure extends Error {
  readonly failure: Failure

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.code}${failure.provider ? ` (${failure.provider.code})` : ''}`, options)
    this.name = 'SendFailure'
    this.failure = failure
  }
}
