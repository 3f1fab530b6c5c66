import { createHmac } from 'node:crypto'
import { systemClock } from '../../model/clock.ts'
import { type Random, seededRandom, systemRandom } from '../../model/random.ts'
import { createAudit } from '../kit/sim/audit.ts'
import { createConduct } from '../kit/sim/behaviour.ts'
import { controlRoutes } from '../kit/sim/control.ts'
import { createFiles } from '../kit/sim/files.ts'
import { createReceipts, type Step, usualSteps } from '../kit/sim/receipts.ts'
import { createSimServer, type Sim, type SimOptions, whenDrained } from '../kit/sim/sim.ts'
import { createWebhooks, type Webhooks } from '../kit/sim/webhooks.ts'
import { route, type Taken, TWILIOS_DAY, type TwilioBehaviour, type World } from './sim-api.ts'
import { twilioRoutes } from './sim-control.ts'
import {
  messageOf,
  prefixOf,
  type SimAccount,
  type SimMessage,
  sidMaker,
  statusForm,
} from './sim-messages.ts'
import { createPeople, type InjectedMessage } from './sim-people.ts'

export type TwilioSimOptions = SimOptions &
  SimAccount & {
    /** Accounts besides that one; each signs its own webhooks. */
    others?: readonly SimAccount[]
    /** Where what people write goes; it waits until it is known. `subscribe` changes it. */
    webhookUrl?: string
    behaviour?: Partial<TwilioBehaviour>
    /** How many sends `sent` holds at least; older ones are only counted. */
    logMax?: number
  }

/** A receipt made by hand, in Twilio's word. One of `id` and `reference` names a message in the log. */
export type InjectedStatus = { id?: string; reference?: string; status: string; code?: number }

export type TwilioSim = Omit<Sim, 'behaviour' | 'behave'> & {
  inject(message: InjectedMessage): string
  injectStatus(status: InjectedStatus): void
  behaviour(): TwilioBehaviour
  behave(patch: Record<string, unknown>): TwilioBehaviour
  optOut(phone: string): void
  resume(phone: string): void
}

type Update = { form: Record<string, string>; url?: string }

/** Twilio's messaging, faked after PROVIDERS E1 and M. It listens on loopback. */
export async function createTwilioSim(options: TwilioSimOptions): Promise<TwilioSim> {
  const { clock = systemClock, accountSid, authToken, senders, services, others = [] } = options
  const accounts = [{ accountSid, authToken, senders, services }, ...others]
  const random = options.seed === undefined ? systemRandom : seededRandom(options.seed)
  const conduct = createConduct(TWILIOS_DAY, options.behaviour)
  const webhooks = createFormWebhooks(accounts, conduct.now)
  const files = createFiles(clock)
  const nextSid = sidMaker(random)
  const world: World = {
    ...{ accounts, clock, random, files, nextSid },
    behaviour: conduct.now,
    people: createPeople({ accounts, files, nextSid, origin: () => server.url }),
    receipts: createReceipts<Taken>({
      ...{ behaviour: conduct.now, clock, random },
      atOf: ({ at }) => at,
      stepsOf: taken => stepsOf(taken, conduct.now(), random),
      tell: ({ message }, { status, code }, told) => {
        tellStatus(webhooks, message, { status: WORD[status], code, told })
      },
    }),
    audit: createAudit(options.logMax ?? 50_000),
    busy: new Map(),
    known: new Map(),
  }
  const server = await createSimServer({
    ...(options.port !== undefined && { port: options.port }),
    bodyBytesMax: 1024 * 1024,
    control: () => controlRoutes(sim, twilioRoutes(sim)),
    handle: (request, response) => route(world, request, response),
  })
  const sim: TwilioSim = {
    url: server.url,
    stop: async () => {
      world.receipts.close()
      await webhooks.close()
      await server.close()
    },
    get sent() {
      return world.audit.log
    },
    inject: message => {
      const form = world.people.form(message)
      webhooks.emit({ form })
      return form['MessageSid'] ?? ''
    },
    injectStatus: status => injectStatus(world, webhooks, status),
    post: webhooks.post,
    behaviour: conduct.now,
    behave: conduct.behave,
    subscribe: async url => webhooks.setUrl(url),
    optOut: world.people.optOut,
    resume: world.people.resume,
    stats: () => ({
      ...world.audit.stats(),
      webhooks: webhooks.stats(),
      planned: world.receipts.planned(),
    }),
    drained: withinMs =>
      whenDrained(clock, () => world.receipts.planned() + webhooks.stats().waiting, withinMs),
  }
  if (options.webhookUrl !== undefined) webhooks.setUrl(options.webhookUrl)
  return sim
}

/** One update a POST, as a form, signed over the URL and the sorted parameters (PROVIDERS E1). */
function createFormWebhooks(
  accounts: readonly SimAccount[],
  behaviour: () => TwilioBehaviour,
): Webhooks<Update> {
  return createWebhooks<Update>({
    behaviour,
    bodyOf: updates => Buffer.from(new URLSearchParams(updates[0]?.form).toString()),
    contentType: 'application/x-www-form-urlencoded; charset=utf-8',
    sign: ({ url, body, corrupt }) => {
      const form = new URLSearchParams(body.toString())
      const account = accounts.find(one => one.accountSid === form.get('AccountSid')) ?? accounts[0]
      const authToken = account?.authToken ?? ''
      const told = [...form].sort(([a], [b]) => (a < b ? -1 : 1)).map(pair => pair.join(''))
      const secret = corrupt ? `not ${authToken}` : authToken
      return {
        'x-twilio-signature': createHmac('sha1', secret)
          .update(url + told.join(''))
          .digest('base64'),
      }
    },
    urlOf: ({ url }) => url,
  })
}

const WORD = { sent: 'sent', received: 'delivered', read: 'read', failed: 'undelivered' } as const

/** Only channels tell that something was read. */
function stepsOf({ message, at, fails }: Taken, behaviour: TwilioBehaviour, random: Random): Step[] {
  const readShare = prefixOf(message.to) === '' ? 0 : behaviour.readShare
  return usualSteps({ ...behaviour, readShare }, random, { from: at, fails })
}

type Telling = { status: string; code?: number | undefined; told?: (() => void) | undefined }

/** "No callback fires" for a message that asked for none. */
function tellStatus(webhooks: Webhooks<Update>, message: SimMessage, { status, code, told }: Telling): void {
  const url = message.form.get('StatusCallback')
  if (url === null) told?.()
  else webhooks.emit({ form: statusForm(message, status, code), url }, told)
}

/** @throws Error if no such message was accepted */
function injectStatus(world: World, webhooks: Webhooks<Update>, injected: InjectedStatus): void {
  const { id, reference, status, code } = injected
  const entry = world.audit.find({
    ...(id !== undefined && { id }),
    ...(reference !== undefined && { reference }),
  })
  const account = world.accounts.find(one => one.accountSid === entry?.body['AccountSid'])
  if (entry === undefined || entry.id === null || account === undefined)
    throw new Error('no such message was accepted')
  const form = new URLSearchParams(String(entry.body['form']))
  const message = { ...messageOf(form, account, () => ''), sid: entry.id }
  tellStatus(webhooks, message, { status, code })
}
