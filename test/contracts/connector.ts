import { afterAll, beforeAll, describe } from 'vitest'
import type { AnyConnector, Outbound } from '../../connectors/connector.ts'
import type { Sim } from '../../connectors/kit/sim/sim.ts'
import type { ContentType } from '../../model/content.ts'
import type { FailureKind } from '../../model/failure.ts'
import { createLaws } from './connector/laws.ts'
import { parsingLaws } from './connector/parsing.ts'
import { pollLaws } from './connector/polling.ts'
import { receiptLaws } from './connector/receipts.ts'
import { receivingLaws } from './connector/receiving.ts'
import { secretLaws } from './connector/secrets.ts'
import { sendingLaws } from './connector/sending.ts'
import { createStand, type Stand } from './connector/stand.ts'
import { troubleLaws } from './connector/trouble.ts'

/**
 * The laws that every connector holds, each run against its own simulator through one daemon, which all laws share. A
 * connector says in a `Subject` what only it knows:
 *
 *     connectorLaws({
 *       connector: 'acme',
 *       start: () => createAcmeSim({ accounts: ['1', '2', '3'], behaviour: QUICK }),
 *       config: (url, which) => ({ account: ACCOUNT[which], secret: SECRET[which], apiBase: url }),
 *       fixtures: ['acme/fixtures'],
 *       people: { ana: '+5215512345678', beto: '+5511987654321' },
 *       receive: { deliver: (told, by, url) => [signed(told, by, url)], batches: true, shared: true },
 *       throttles: [{ code: 429, slows: 'channel' }],
 *       lostAnswer: 'reference',
 *     })
 *
 * A law that cannot apply is named in `exempt` with its reason, which the test prints; it fails if there is none such.
 */
export type Subject = {
  /** As in the registry. */
  connector: string
  /** Of a connector that is not there. */
  defined?: AnyConnector
  /**
   * The provider, faked, with the accounts of all three channels, on its good day and in a hurry: receipts within a few
   * milliseconds, everything read. undefined: there is no provider.
   */
  start?: () => Promise<Sim>
  /**
   * The config of a channel at the simulator. `sibling` is in the workspace of `ours` and holds the same verifying
   * secret; `stranger` is another company: another workspace, another secret, another account.
   */
  config: (url: string, which: Which) => Record<string, unknown>
  /** Folders of fixtures, below `connectors/`. */
  fixtures: readonly string[]
  /** Whom messages go to, as `to` of `POST /v1/messages`. They may be written to: windows are open. */
  people: { ana: string; beto: string }
  receive?: Receive
  /** How the provider says "not so fast", by the codes that its simulator knows (`refusals`), and what that slows. */
  throttles: readonly { code: number; slows: FailureKind['scope'] }[]
  /**
   * What becomes of an attempt whose answer was lost. `reference`: a receipt with our reference tells. `key`: it is
   * sent again under a key that the provider knows. `policy`: nobody ever tells, and `config` must give up soon
   * (`onUncertain`).
   */
  lostAnswer: 'reference' | 'key' | 'policy'
  /** Parts that need more than the usual sample of their content: a template that is there, a message to react to. */
  samples?: { [T in ContentType]?: Partial<Outbound> }
  /** A channel that is polled instead, and how somebody writes to it. */
  polls?: { config: (url: string) => Record<string, unknown>; write: (sim: Sim, text: string) => void }
  exempt?: Readonly<Record<string, string>>
}

export type Which = 'ours' | 'sibling' | 'stranger'

export type Receive = {
  /**
   * The requests by which the provider tells these things, in order, signed with the secret of `by`. `url` is that of
   * the request, as the provider calls it. One request where it batches, else one for each.
   */
  deliver: (told: readonly Told[], by: Which, url: string) => Delivery[]
  /** It tells several things, of several channels, in one request. */
  batches: boolean
  /** Its webhooks of all channels may go to `/in/<connector>`. */
  shared: boolean
}

/** `of`: a message of ours. `at`: the provider's time, for the moment. A kind nobody has heard of is `unknown`. */
export type Told = { to: Which; at: number } & (
  | { is: 'message'; id: string; from: string; text: string }
  | {
      is: 'receipt'
      of: { providerId: string; reference: string; address: string }
      status: 'sent' | 'received' | 'read'
    }
  | { is: 'unknown' }
)

export type Delivery = { method?: string; url: string; headers: Record<string, string>; body: string }

/** Receipts as a simulator tells them when nobody wants to wait. */
export const QUICK = { sentMs: [0, 5], receivedMs: [0, 5], readMs: [0, 5], readShare: 1 } as const

export function connectorLaws(subject: Subject): void {
  describe(`connector ${subject.connector}`, () => {
    let stand: Stand | undefined
    beforeAll(async () => {
      stand = await createStand(subject)
    })
    afterAll(() => stand?.close())
    const it = (): Stand => {
      if (stand === undefined) throw new Error('it did not start')
      return stand
    }
    const law = createLaws(subject)
    parsingLaws(law, subject)
    receivingLaws(law, subject, it)
    receiptLaws(law, subject, it)
    sendingLaws(law, subject, it)
    pollLaws(law, subject, it)
    troubleLaws(law, subject, it)
    secretLaws(law, subject, it)
    law.end()
  })
}
