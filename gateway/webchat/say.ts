import type { DaemonFrame, VisitorContent, VisitorFrame } from '../../connectors/webchat/frames.ts'
import { TEXT_MAX } from '../../connectors/webchat/webchat.ts'
import { userAddress } from '../../model/address.ts'
import type { Change, Received } from '../../model/change.ts'
import { rfc3339 } from '../../model/clock.ts'
import type { Content, ForeignMedia, HandedMedia, MediaType } from '../../model/content.ts'
import { isId, timeOfId } from '../../model/ids.ts'
import { problemOf } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import type { Site } from './entrance.ts'
import { identifiedOf } from './identify.ts'
import type { Limits } from './limits.ts'
import type { Visit, Who } from './visit.ts'

type Said = Extract<VisitorFrame, { type: 'message' }>
type Refusal = Omit<Extract<DaemonFrame, { type: 'refused' }>, 'type' | 'id'>
type Meant = { content: Content<ForeignMedia | HandedMedia>; replyTo?: string } | Refusal

/** How long a page keeps what could not be stored now. */
const AGAIN_MS = 2_000

/** Stores what a visitor says, and answers when it is durable; the same id again is the same message (RULES B1). */
export async function say(
  rooms: Rooms,
  limits: Limits,
  site: Site,
  visit: Visit,
  said: Said,
): Promise<string> {
  const { who } = visit
  if (who === undefined) return 'refused'
  const refuse = (why: Refusal): string => {
    visit.say({ type: 'refused', id: said.id, ...why })
    return why.code
  }
  const waitMs = limits.message(visit, lengthOf(said.content))
  if (waitMs > 0) {
    return refuse({ code: 'tooFast', detail: 'Too many messages in a short time.', retryAfterMs: waitMs })
  }
  const meant = await read(rooms, visit, said.content, who)
  if ('code' in meant) return refuse(meant)
  const changes: Change[] = [receivedOf(rooms, site, visit, who, said, meant)]
  // What was proven before there was a contact joins it now.
  if (who.externalId !== null && visit.family.length === 0) changes.push(...(await proofOf(rooms, site, who)))
  const outcome = await rooms.store.commit({ workspace: site.workspace, changes }).then(
    ({ outcomes }) => outcomes[0],
    (error: unknown) => {
      if (problemOf(error) === undefined) throw error
    },
  )
  if (outcome === undefined) {
    return refuse({ code: 'unavailable', detail: 'It could not be stored now.', retryAfterMs: AGAIN_MS })
  }
  if (!outcome.ok) {
    if (outcome.code === 'noUpload') return refuse(NO_UPLOAD)
    visit.bye({ code: 'channelGone', detail: 'This chat was closed.', again: false })
    return outcome.code
  }
  const message = outcome.id ?? ''
  visit.say({ type: 'accepted', id: said.id, message, at: rfc3339(timeOfId(message)) })
  return outcome.duplicate === true ? 'duplicate' : 'accepted'
}

const NO_UPLOAD: Refusal = {
  code: 'fileUnknown',
  detail: 'The file is no upload of this visitor, or was sent before.',
}

function lengthOf(content: VisitorContent): number {
  return content.type === 'file' ? (content.caption?.length ?? 0) : content.text.length
}

async function read(rooms: Rooms, visit: Visit, content: VisitorContent, who: Who): Promise<Meant> {
  if (lengthOf(content) > TEXT_MAX) {
    return { code: 'textTooLong', detail: `A text has at most ${TEXT_MAX} characters.` }
  }
  if (content.type === 'choice') return choice(rooms, visit, content)
  if (content.type === 'file') return upload(rooms, visit, content, who)
  return content.text.trim() === ''
    ? { code: 'textEmpty', detail: 'There is nothing in it.' }
    : { content: { type: 'text', text: content.text } }
}

/** Only what the visitor was offered can be chosen: its payload starts workflows. */
async function choice(
  { store }: Rooms,
  visit: Visit,
  { to, payload }: Extract<VisitorContent, { type: 'choice' }>,
): Promise<Meant> {
  const unknown: Refusal = { code: 'choiceUnknown', detail: 'The visitor was not offered this choice.' }
  if (!isId('msg', to)) return unknown
  const { workspace, id } = visit.site
  const [message] = await store.query('messagesById', { workspace, ids: [to] })
  if (message?.channel !== id || !visit.family.includes(message.contact)) return unknown
  const { content } = message
  const offered =
    content.type === 'buttons'
      ? content.buttons.flatMap(button => ('id' in button ? [button] : []))
      : content.type === 'list'
        ? content.sections.flatMap(section => section.rows)
        : []
  const chosen = offered.find(one => one.id === payload)
  const [replyTo] = message.providerIds
  if (chosen === undefined || replyTo === undefined) return unknown
  const kind = content.type === 'list' ? 'list' : 'button'
  return { content: { type: 'reply', kind, payload, text: chosen.title }, replyTo }
}

async function upload(
  { store }: Rooms,
  { site: { workspace } }: Visit,
  { file: id, caption, voice }: Extract<VisitorContent, { type: 'file' }>,
  { visitor }: Who,
): Promise<Meant> {
  const file = isId('fil', id) ? await store.query('file', { workspace, id }) : null
  // Whose it is is decided with the message, in one commit.
  if (file === null) return NO_UPLOAD
  const [family] = file.mimeType.split('/')
  const type = MEDIA.find(known => known === family) ?? 'document'
  return {
    content: {
      type,
      media: { id: file.id, from: visitor },
      ...(caption === undefined || caption === '' ? {} : { caption }),
      ...(voice === true && type === 'audio' ? { voice } : {}),
    },
  }
}
const MEDIA: readonly MediaType[] = ['image', 'audio', 'video']

function receivedOf(
  { clock }: Rooms,
  { id: channel, config }: Site,
  visit: Visit,
  who: Who,
  said: Said,
  meant: Exclude<Meant, Refusal>,
): Received {
  const visitor = { kind: 'webchat', value: who.visitor } as const
  const asked = new Set(config.preChat?.map(field => field.name))
  const form = Object.entries(said.form ?? {}).filter(([name]) => asked.has(name))
  const key = `${who.visitor} ${said.id}`
  const told = Object.fromEntries(form)['name'] ?? visit.said?.['identity.name']
  const name = (who.externalId === null ? told : (who.name ?? told))?.trim()
  return {
    kind: 'received',
    ...{ channel, key, providerId: key },
    at: clock.now(),
    echo: false,
    address: who.externalId === null ? visitor : userAddress(who.externalId),
    also: who.externalId === null ? [] : [visitor],
    // It names a contact that has no name, and never takes another's place.
    ...(name === undefined || name === '' ? {} : { name: name.slice(0, NAME_MAX) }),
    ...meant,
    context: contextOf(visit, form),
  }
}
const NAME_MAX = 200

/** What goes into the conversation that this message may open (DOMAIN §1). All of it is said, none of it is proven. */
function contextOf(visit: Visit, form: [string, string][]): Record<string, string> {
  const { language, page, said } = visit
  const all = {
    ...{ language, page: page?.url, title: page?.title, referrer: page?.referrer },
    ...said,
    ...Object.fromEntries(form.map(([name, answer]) => [`form.${name}`, answer])),
  }
  const told = Object.entries(all).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return Object.fromEntries(told.map(([name, value]) => [name, value.slice(0, CONTEXT_MAX)]))
}
const CONTEXT_MAX = 2_048

async function proofOf({ store }: Rooms, site: Site, who: Who): Promise<Change[]> {
  const { workspace, id: channel } = site
  const row = await store.query('visitor', { workspace, channel, visitor: who.visitor })
  if (row === null || row.externalId === null) return []
  const { externalId, name, addresses } = row
  return [identifiedOf(site, who, { externalId, name, addresses })]
}
