import { type Json, objectOf, textIn } from '../kit/json.ts'
import { statusError } from './sim-errors.ts'
import type { World } from './sim-graph.ts'
import type { SimNumber } from './sim-limits.ts'
import type { Person } from './sim-people.ts'
import { contactItem, phoneShown } from './sim-receipts.ts'
import { NOTICES, SAMPLE_MEDIA, SAMPLES } from './sim-samples.ts'
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
  /** A message of this kind, by its name in `sim-samples.ts`; one about another is about `of`. */
  sample?: string
  of?: string
  /** Written by the business in the phone app, to `from` (`smb_message_echoes`). */
  echo?: boolean
  /** What WhatsApp tells about the person, by its name in `sim-samples.ts`, and their new phone or user id. */
  notice?: string
  becomes?: string
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
  /** A group's message: which member's phone tells it (phone without `+`, or user id). */
  member?: string
}

/** @throws Error for a number that the simulator does not have. Returns the wamid. */
export function injectMessage(world: World, webhooks: Webhooks, injected: InjectedMessage): string {
  const message = { ...injected, ...sampleOf(world, injected) }
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
    [type]: message.notice === undefined ? contentOf(world, message) : noticeOf(message, person),
    ...message.extra,
  }
  if (message.echo === true) {
    const { from: to, from_user_id: _, ...written } = item
    const echo = { ...written, from: number.displayPhoneNumber, to: to ?? person.userId }
    webhooks.emit({ number, kind: 'message_echoes', item: echo })
    return id
  }
  if (message.notice !== undefined) {
    const { from_user_id: _, ...notice } = item
    webhooks.emit({ number, kind: 'messages', item: notice })
    return id
  }
  world.limits.received(number, person)
  webhooks.emit({ number, kind: 'messages', item, contact: contactItem(person, hiding) })
  return id
}

/** @throws Error for a kind that there is not */
function sampleOf(world: World, { sample, of, notice, extra }: InjectedMessage): Partial<InjectedMessage> {
  if (notice !== undefined) return { type: 'system' }
  if (sample === undefined) return {}
  const make = SAMPLES.get(sample)
  if (make === undefined) throw new Error(`no sample ${sample}: try ${[...SAMPLES.keys()].join(', ')}`)
  const made = make(of ?? 'wamid.of-nothing')
  const file = objectOf(made.content)
  if (textIn(file, 'id')?.startsWith(SAMPLE_MEDIA)) {
    const bytes = Buffer.from(`the bytes of ${sample}`)
    made.content = { ...file, id: world.media.put(bytes, textIn(file, 'mime_type') ?? '') }
  }
  return { ...made, extra: { ...made.extra, ...extra } }
}

/** @throws Error for a notice that there is not */
function noticeOf({ notice = '', becomes }: InjectedMessage, person: Person): Json {
  const make = NOTICES.get(notice)
  if (make === undefined) throw new Error(`no notice ${notice}: try ${[...NOTICES.keys()].join(', ')}`)
  if (becomes === undefined) throw new Error('becomes is missing: the new phone or user id')
  return make(person, becomes.replace(/^\+/, ''))
}

/** An error of the account, which no message is about (PROVIDERS A3). */
export function injectError(world: World, webhooks: Webhooks, code: number): void {
  webhooks.emit({ number: numberOf(world, undefined), kind: 'errors', item: statusError(code) })
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
      person:
        entry.body['recipient_type'] === 'group' ? world.people.group(entry.to) : world.people.of(entry.to),
      reference: entry.reference ?? undefined,
      type: textIn(entry.body, 'type') ?? 'text',
      category: objectOf(entry.body['template']) === undefined ? 'service' : 'utility',
      held: false,
      fails: undefined,
      at: entry.at,
      ...(injected.member !== undefined && { member: injected.member }),
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
