import type { SentMessage } from '../../connectors/kit/sim/audit.ts'
import type { WhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { type Message, readReference } from '../../model/message.ts'
import type { Life } from './life.ts'
import { eventsAfter, type Load, type LogLine } from './load.ts'

/** What is wrong after all crashes, one line for each fault, and how often what is allowed happened. */
export type Found = {
  faults: string[]
  messages: number
  /** Attempts in flight at a crash, by what became of them. */
  uncertain: number
  resent: number
}

/** For everything to be delivered, resolved, and told. */
const SETTLE_MS = 15_000

type Line = { kind: string; attempt: number | null }

/**
 * Compares what was promised with what the last life shows and what the provider saw.
 *
 * @param waitMs until the last life may send at all
 */
export async function judge(load: Load, life: Life, sim: WhatsAppSim, waitMs = 0): Promise<Found> {
  const isSettled = await until(
    async () => (await open(life)).length === 0 && (await sim.drained(1000)),
    waitMs + SETTLE_MS,
  )
  const faults = [...load.faults]
  if (!isSettled) {
    const left = (await open(life)).map(({ id, status, uncertain }) => `${id} ${status} ${uncertain}`)
    faults.push(`not settled: ${left.join(', ') || JSON.stringify(sim.stats().webhooks)}`)
  }
  const outbound = await listed(life, 'outbound')
  faults.push(...inboundFaults(load, await listed(life, 'inbound')))
  faults.push(...outboundFaults(load, outbound))
  faults.push(
    ...logFaults(load, await wholeLog(life), outbound.length + load.deliveries.flatMap(idsOf).length),
  )
  const accepted = Map.groupBy(
    sim.sent.filter(({ id }) => id !== null),
    ({ reference }) => readReference(reference ?? '')?.message ?? 'nobody',
  )
  if (accepted.has('nobody')) faults.push('the provider got a message without our reference')
  if (sim.stats().referencesTwice > 0) faults.push('a reference was accepted twice')
  const known = new Set<string>(outbound.map(({ id }) => id))
  for (const id of accepted.keys()) if (!known.has(id)) faults.push(`${id} was sent and is not known`)
  let [uncertain, resent] = [0, 0]
  for (const message of outbound) {
    const { body } = await life.call('GET', `/v1/messages/${message.id}/timeline`)
    const { data: timeline } = body as { data: Line[] }
    faults.push(...sendingFaults(message, timeline, accepted.get(message.id) ?? []))
    uncertain += timeline.filter(({ kind }) => kind === 'uncertain').length
    resent += timeline.filter(({ kind }) => kind === 'resend').length
  }
  return { faults, messages: outbound.length, uncertain, resent }
}

/** What was answered 200 or 202 and is not there. To be asked before anything is asked again. */
export async function lost({ deliveries, posts }: Load, life: Life): Promise<string[]> {
  const inbound = new Set((await listed(life, 'inbound')).map(({ providerIds }) => providerIds[0]))
  const outbound = new Set<string>((await listed(life, 'outbound')).map(({ id }) => id))
  return [
    ...deliveries.flatMap(({ isKept, ids }) => (isKept ? ids.filter(id => !inbound.has(id)) : [])),
    ...posts.flatMap(({ id }) => (id === null || outbound.has(id) ? [] : [id])),
  ].map(id => `${id} was promised and is lost`)
}

function idsOf({ ids }: { ids: string[] }): string[] {
  return ids
}

/** Every webhook is each of its messages exactly once. */
function inboundFaults({ deliveries }: Load, messages: Message[]): string[] {
  const wanted = deliveries.flatMap(idsOf)
  const counts = Map.groupBy(messages, ({ providerIds }) => providerIds[0])
  const known = new Set<string | undefined>(wanted)
  return [
    ...wanted.flatMap(id => {
      const count = counts.get(id)?.length ?? 0
      return count === 1 ? [] : [`${id} is ${count} messages`]
    }),
    ...messages
      .filter(({ providerIds }) => !known.has(providerIds[0]))
      .map(({ id }) => `${id} came from nowhere`),
  ]
}

/** Every Idempotency-Key is one message, the one that was answered, and it was read. */
function outboundFaults({ posts }: Load, messages: Message[]): string[] {
  const byText = Map.groupBy(messages, ({ content }) => (content.type === 'text' ? content.text : ''))
  const faults = posts.flatMap(({ key, text, id }) => {
    const made = byText.get(text) ?? []
    if (made.length !== 1) return [`${key} is ${made.length} messages`]
    return made[0]?.id === id ? [] : [`${key} was answered ${id} and is ${made[0]?.id}`]
  })
  const ends = messages.filter(({ status, uncertain }) => status !== 'read' || uncertain)
  return [
    ...faults,
    ...(messages.length === posts.length ? [] : [`${posts.length} keys are ${messages.length} messages`]),
    ...ends.map(({ id, status, failure }) => `${id} ended as ${status} ${failure?.code ?? ''}`),
  ]
}

/** RULES A3, A5: numbers without gap or repetition; what was told once stays so; each message is told once. */
function logFaults({ told }: Load, log: LogLine[], messages: number): string[] {
  const gap = log.findIndex(({ sequence }, index) => sequence !== index + 1)
  const changed = [...told].filter(([sequence, line]) => JSON.stringify(log[sequence - 1]) !== line)
  const created = log.filter(({ type }) => type === 'message.created').map(({ subject }) => subject)
  return [
    ...(gap === -1 ? [] : [`the log has ${log[gap]?.sequence} where ${gap + 1} should be`]),
    ...changed.map(([sequence]) => `event ${sequence} was told to a follower and is another now`),
    ...(created.length === messages && new Set(created).size === messages
      ? []
      : [`${created.length} message.created for ${messages} messages`]),
  ]
}

/**
 * DESIGN §10, 3: each attempt was durable before it left, no attempt but an uncertain one is followed by another, and
 * policy resends an uncertain attempt once.
 */
function sendingFaults({ id, attempts }: Message, timeline: Line[], accepted: SentMessage[]): string[] {
  const attemptsOf = (kind: string) => timeline.filter(line => line.kind === kind).map(line => line.attempt)
  const [uncertain, resent] = [attemptsOf('uncertain'), attemptsOf('resend')]
  const again = resent.length + attemptsOf('retry').length
  const left = accepted.map(({ reference }) => readReference(reference ?? '')?.attempt ?? 0)
  const unproven = left.filter(attempt => attempt < Math.max(...left) && !uncertain.includes(attempt))
  const history = `${id} ${JSON.stringify(timeline.map(({ kind, attempt }) => [kind, attempt]))}`
  return [
    ...(accepted.length === 0 ? [`was never accepted: ${history}`] : []),
    ...(accepted.length > 1 + resent.length ? [`was sent ${accepted.length} times: ${history}`] : []),
    ...(attempts > 1 + again ? [`has ${attempts} attempts: ${history}`] : []),
    ...(left.some(attempt => attempt > attempts) ? [`left before its attempt was durable: ${history}`] : []),
    ...(unproven.length > 0
      ? [`was sent again though attempt ${unproven.join()} was certain: ${history}`]
      : []),
    ...(resent.length > new Set(resent).size || resent.some(attempt => !uncertain.includes(attempt))
      ? [`was resent by policy without an uncertain attempt: ${history}`]
      : []),
  ]
}

/** Messages that are on their way, one of each status that is not the last. */
async function open(life: Life): Promise<Message[]> {
  const pages = ['pending', 'sent', 'received'].map(async status => {
    const { body } = await life.call('GET', `/v1/messages?limit=1&direction=outbound&status=${status}`)
    return (body as { data: Message[] }).data
  })
  return (await Promise.all(pages)).flat()
}

async function listed(life: Life, direction: 'inbound' | 'outbound'): Promise<Message[]> {
  const messages: Message[] = []
  let next: string | null = ''
  while (next !== null) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`
    const { body } = await life.call('GET', `/v1/messages?limit=200&direction=${direction}${after}`)
    const page = body as { data: Message[]; next: string | null }
    messages.push(...page.data)
    next = page.next
  }
  return messages
}

export async function wholeLog(life: Life): Promise<LogLine[]> {
  const log: LogLine[] = []
  for (;;) {
    const page = await eventsAfter(life, log.at(-1)?.sequence ?? 0)
    if (page.length === 0) return log
    log.push(...page)
  }
}

async function until(holds: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs
  while (performance.now() < end) {
    if (await holds()) return true
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return false
}
