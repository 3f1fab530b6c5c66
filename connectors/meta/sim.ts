import { systemClock } from '../../model/clock.ts'
import { type Random, seededRandom, systemRandom } from '../../model/random.ts'
import type { Json } from '../kit/json.ts'
import { createAudit } from '../kit/sim/audit.ts'
import { createConduct } from '../kit/sim/behaviour.ts'
import { controlRoutes } from '../kit/sim/control.ts'
import { createFiles } from '../kit/sim/files.ts'
import { createReceipts, type Receipts, usualSteps } from '../kit/sim/receipts.ts'
import { createSimServer, type Sim, type SimOptions, whenDrained } from '../kit/sim/sim.ts'
import { createWebhooks, type Webhooks } from '../kit/sim/webhooks.ts'
import type { SimFacts } from './sim-check.ts'
import {
  accountOf,
  type InjectedComment,
  type InjectedItem,
  injectComment,
  injectItem,
} from './sim-inject.ts'
import { handle, metaRoutes } from './sim-routes.ts'
import { bodyOf, itemOf } from './sim-told.ts'
import { handshake, metaDelivery } from './sim-webhooks.ts'
import {
  type Accepted,
  GOOD_DAY,
  type MetaBehaviour,
  type SimAccount,
  type Update,
  type World,
} from './sim-world.ts'

export type MetaSimOptions = SimOptions & {
  appSecret: string
  accessToken: string
  verifyToken: string
  /** Where webhooks go; updates wait until it is known. */
  webhookUrl?: string
  accounts: readonly SimAccount[]
  /** Utility templates; any name is approved if absent. */
  templates?: World['templates']
  behaviour?: Partial<MetaBehaviour>
  /** How many sends `sent` holds at least. */
  logMax?: number
}

export type MetaSim = Sim & {
  /** Somebody writes, taps, reacts; returns the message's id. */
  inject(item: InjectedItem): string
  /** Somebody comments; returns the comment's id. */
  comment(comment: InjectedComment): string
  /** Any change, as Meta writes it. */
  change(change: Json, account?: string): void
  /** Nobody can write to this person any more. */
  remove(person: string): void
}

/** The largest upload (25 MB) and a little for its fields. */
const BODY_BYTES_MAX = 26 * 1024 * 1024

/**
 * Messenger or Instagram, faked after PROVIDERS B, C and M: it checks, limits, answers, stalls and tells receipts as
 * Meta does. It listens on loopback.
 */
export async function createMetaSim(facts: SimFacts, options: MetaSimOptions): Promise<MetaSim> {
  const { clock = systemClock, appSecret, accessToken, verifyToken } = options
  const random = options.seed === undefined ? systemRandom : seededRandom(options.seed)
  const conduct = createConduct<MetaBehaviour>(GOOD_DAY, options.behaviour)
  const behaviour = conduct.now
  const webhooks = createWebhooks<Update>({
    behaviour,
    ...metaDelivery(appSecret, behaviour),
    bodyOf: updates => bodyOf(facts, updates, clock),
  })
  const receipts = createMetaReceipts({ facts, behaviour, clock, random, webhooks })
  const world: World = {
    ...{ facts, behaviour, clock, random, receipts, webhooks },
    accounts: new Map(options.accounts.map(account => [account.id, account])),
    ...{ heard: new Map(), comments: new Map(), gone: new Set(), uploads: new Map(), seconds: new Map() },
    templates: options.templates,
    files: createFiles(clock),
    audit: createAudit(options.logMax ?? 50_000),
    nextId: idMaker(facts, random),
  }
  const server = await createSimServer({
    ...(options.port !== undefined && { port: options.port }),
    bodyBytesMax: BODY_BYTES_MAX,
    control: () => controlRoutes(sim, metaRoutes(sim)),
    handle: (request, response) => handle(world, accessToken, request, response),
  })
  const sim: MetaSim = {
    url: server.url,
    stop: async () => {
      receipts.close()
      await webhooks.close()
      await server.close()
    },
    get sent() {
      return world.audit.log
    },
    inject: item => injectItem(world, item, server.url),
    comment: comment => injectComment(world, comment),
    change: (item, account) => webhooks.emit({ account: accountOf(world, account), list: 'changes', item }),
    remove: person => void world.gone.add(person),
    post: webhooks.post,
    behaviour,
    behave: conduct.behave,
    subscribe: async url => {
      await handshake(url, verifyToken, random)
      webhooks.setUrl(url)
    },
    stats: () => ({ ...world.audit.stats(), webhooks: webhooks.stats(), planned: receipts.planned() }),
    drained: withinMs => whenDrained(clock, () => receipts.planned() + webhooks.stats().waiting, withinMs),
  }
  if (options.webhookUrl !== undefined) webhooks.setUrl(options.webhookUrl)
  return sim
}

/** Nothing is told of what fails; Instagram tells no delivery (C2), and echoes are a field that one subscribes to. */
function createMetaReceipts({
  facts,
  behaviour,
  clock,
  random,
  webhooks,
}: Pick<World, 'facts' | 'behaviour' | 'clock' | 'random'> & {
  webhooks: Webhooks<Update>
}): Receipts<Accepted> {
  const isTold = (status: string): boolean =>
    status === 'sent' ? behaviour().echoes : status !== 'received' || facts.object === 'page'
  return createReceipts<Accepted>({
    ...{ behaviour, clock, random },
    atOf: accepted => accepted.at,
    stepsOf: ({ at }) => usualSteps(behaviour(), random, { from: at }).filter(({ status }) => isTold(status)),
    tell: (accepted, step, told) => {
      const item = itemOf(facts, accepted, step, behaviour())
      webhooks.emit({ account: accepted.account, list: 'messaging', item }, told)
    },
  })
}

/** `m_…` of Messenger, base64 of Instagram; unlike between two runs, like real ones. */
function idMaker({ object }: SimFacts, random: Random): () => string {
  const run = Buffer.from(random.fill(new Uint8Array(9))).toString('base64url')
  let count = 0
  const prefix = object === 'page' ? 'm_' : 'aWdfZAG1faXRlbToxO'
  return () => `${prefix}${run}${(++count).toString(36).toUpperCase().padStart(8, '0')}`
}
