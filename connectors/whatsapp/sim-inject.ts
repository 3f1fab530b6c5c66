import { type Json, objectOf, textIn } from '../kit/json.ts'
import type { World } from './sim-graph.ts'
import type { SimNumber } from './sim-limits.ts'
import type { Person } from './sim-people.ts'
import { contactItem, phoneShown } from './sim-receipts.ts'
import type { Webhooks } from './sim-webhooks.ts'

/** A message of a person to the business. */
export type InjectedMessage = {
  /** Phone, with or without `+`, or business-scoped user id. */
  from: string
  /** Phone number id; the first number if absent. */
  to?: string
  name?: string
  /** Short for `type: 'text'`. */
  text?: string
  type?: string
  /** What stands under the type's name, as Meta writes it (PROVIDERS A3). */
  content?: unknown
  /** For media types: bytes that the simulator keeps and names. */
  media?: { bytes: Buffer; mimeType: string; filename?: string; caption?: string; voice?: boolean }
  /** The message that is quoted. */
  replyTo?: string
  /** Other fields of the message, such as `referral` or `group_id`. */
  extra?: Json
  /** Milliseconds; now if absent. */
  at?: number
  id?: string
}

/** A receipt made by hand. One of `id` and `reference` names a message in the log. */
export type InjectedStatus = {
  id?: string
  reference?: string
  status: string
  at?: number
  /** For `failed`. */
  code?: number
}

/** @throws Error for a number that the simulator does not have. Returns the wamid. */
export function injectMessage(world: World, webhooks: Webhooks, message: InjectedMessage): string {
  const number = numberOf(world, message.to)
  const { hiding, millisecondTimestamps } = world.behaviour()
  const person = named(world.people.of(message.from), message.name)
  const id = message.id ?? world.nextId()
  const at = message.at ?? world.clock.now()
  const type = message.type ?? (message.media === undefined ? 'text' : 'document')
  const from = phoneShown(person, hiding)
  const item: Json = {
    ...(message.replyTo !== undefined && {
      context: { from: number.displayPhoneNumber, id: message.replyTo },
    }),
    ...(from !== undefined && { from }),
    from_user_id: person.userId,
    id,
    timestamp: String(millisecondTimestamps ? at : Math.floor(at / 1000)),
    type,
    [type]: contentOf(world, message),
    ...message.extra,
  }
  world.limits.received(number, person)
  webhooks.emit({ number, kind: 'messages', item, contact: contactItem(person, hiding) })
  return id
}

function contentOf(world: World, { text, content, media }: InjectedMessage): unknown {
  if (media === undefined) return content ?? { body: text ?? '' }
  const { bytes, mimeType, ...fields } = media
  const id = world.media.put(bytes, mimeType)
  // Base64 in webhooks, hex where the id is resolved.
  const sha256 = Buffer.from(world.media.get(id)?.sha256 ?? '', 'hex').toString('base64')
  return { id, mime_type: mimeType, sha256, ...fields }
}

/** @throws Error if no such message is in the log */
export function injectStatus(world: World, injected: InjectedStatus): void {
  const entry = world.audit.find({
    ...(injected.id !== undefined && { id: injected.id }),
    ...(injected.reference !== undefined && { reference: injected.reference }),
  })
  if (entry === undefined || entry.id === null) throw new Error('no such message was accepted')
  world.receipts.emit(
    {
      id: entry.id,
      number: numberOf(world, entry.number),
      person: world.people.of(entry.to),
      reference: entry.reference ?? undefined,
      type: textIn(entry.body, 'type') ?? 'text',
      category: objectOf(entry.body['template']) === undefined ? 'service' : 'utility',
      held: false,
      fails: undefined,
      at: entry.at,
    },
    injected.status,
    injected.at ?? world.clock.now(),
    injected.status === 'failed' ? (injected.code ?? 131026) : undefined,
  )
}

function numberOf(world: World, id: string | undefined): SimNumber {
  const number = id === undefined ? world.numbers.values().next().value : world.numbers.get(id)
  if (number === undefined) throw new Error(`no such number: ${id}`)
  return number
}

function named(person: Person, name: string | undefined): Person {
  return name === undefined ? person : { ...person, name }
}
