import type { Subscription } from '../../bus/bus.ts'
import type { DaemonFrame } from '../../connectors/webchat/frames.ts'
import type { Address } from '../../model/address.ts'
import { type LogEvent, parseEvent } from '../../model/event.ts'
import type { ChannelId, ContactId, MessageId, WorkspaceId } from '../../model/ids.ts'
import type { Message } from '../../model/message.ts'
import type { Rooms } from '../rooms.ts'
import { cursorOf } from './cursor.ts'
import { findSite } from './entrance.ts'
import { familyOf } from './greet.ts'
import { channelPage, shownMessage } from './show.ts'
import type { Visit } from './visit.ts'

/**
 * Who is connected, and what happens for them: one subscription of the bus for all visitors of this node. What it tells
 * comes from the log, so several nodes need know nothing of each other. If it is too slow for the bus, or the store
 * fails it, every page comes again and resumes: missing one event would be worse.
 */
export type Hub = {
  enter(visit: Visit): void
  leave(visit: Visit): void
  /** Up to which event of a workspace everything was told. */
  position(workspace: WorkspaceId): number
  /** The other open sockets of a visitor. */
  others(visit: Visit): Visit[]
  all(): Iterable<Visit>
  show(channel: ChannelId, address: Address, frame: object): void
  stop(): Promise<void>
}

type Room = {
  visits: Set<Visit>
  byContact: Map<ContactId, Set<Visit>>
  /** By visitor, and by the website's name of the person. */
  byKey: Map<string, Set<Visit>>
}

/** Events that may wait to be told. */
const EVENTS_MAX = 20_000

export function createHub(rooms: Rooms): Hub {
  const channels = new Map<ChannelId, Room>()
  const positions = new Map<WorkspaceId, number>()
  const hall: Hall = { rooms, channels, positions }
  let stopped = false
  let subscription: Subscription
  const subscribe = (): Subscription =>
    rooms.bus.subscribe({ name: 'webchat', workspace: '*', eventsMax: EVENTS_MAX })
  const follow = async (): Promise<void> => {
    while (!stopped) {
      const why = await followOne(hall, subscription)
      if (stopped) return
      subscription.close()
      subscription = subscribe()
      positions.clear()
      rooms.log.warn({ why }, 'pages of visitors begin again')
      for (const visit of all(channels)) visit.bye({ ...BEHIND, retryAfterMs: spread(rooms) })
      // A bus that ends at once must not turn this into a busy loop.
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  subscription = subscribe()
  const following = follow()
  return {
    enter: visit => enter(channels, visit),
    leave: visit => leave(channels, visit),
    position: workspace => positions.get(workspace) ?? 0,
    others: visit => {
      const same = channels.get(visit.site.id)?.byKey.get(visit.who?.visitor ?? '')
      return [...(same ?? [])].filter(other => other !== visit)
    },
    all: () => all(channels),
    show: (channel, address, frame) => {
      const text = frame as DaemonFrame
      for (const visit of channels.get(channel)?.byKey.get(address.value) ?? []) {
        if (visit.state === 'open') visit.say(text)
      }
    },
    stop: async () => {
      stopped = true
      subscription.close()
      await following
    },
  }
}

const BEHIND = { code: 'behind', detail: 'This node fell behind.', again: true }

/** So that not all come back at once. */
export function spread({ random }: Pick<Rooms, 'random'>): number {
  return Math.round(200 + random.fraction() * 1_800)
}

type Hall = { rooms: Rooms; channels: Map<ChannelId, Room>; positions: Map<WorkspaceId, number> }

async function followOne(hall: Hall, subscription: Subscription): Promise<string> {
  try {
    for await (const batch of subscription) {
      if (batch.dropped) return batch.why
      await tellAll(hall, batch.events)
    }
    return 'the bus ended'
  } catch (error) {
    return String(error)
  }
}

/** Events in order. What a page needs to know is read for the whole batch at once. */
async function tellAll(hall: Hall, events: readonly LogEvent[]): Promise<void> {
  const { channels, positions, rooms } = hall
  if (channels.size === 0) return
  const wanted = events.filter(event => isWanted(hall, event))
  const messages = await messagesOf(rooms, wanted)
  for (const event of wanted) {
    if (event.type.startsWith('message.')) tellMessage(hall, event, messages)
    else if (event.type === 'channel.updated') await tellChannel(hall, event)
    else await tellContact(hall, event)
  }
  for (const { workspace, sequence } of events) positions.set(workspace, sequence)
}

/** Without parsing: most events are none of ours, and there may be thousands a second. */
function isWanted({ channels }: Hall, { type, subject, json }: LogEvent): boolean {
  if (type === 'message.created')
    return channels.has(channelIn(json)) && json.includes('"direction":"inbound"')
  if (type === 'message.status') return channels.has(channelIn(json))
  if (type === 'channel.updated') return channels.has(subject as ChannelId)
  return type === 'contact.updated' || type === 'contact.merged'
}

/** Ids need no escaping, and a text cannot hold a quote that is not escaped. */
function channelIn(json: string): ChannelId {
  const at = json.indexOf(MARK) + MARK.length
  return json.slice(at, at + 'chn_'.length + 26) as ChannelId
}
const MARK = '"channel":"'

async function messagesOf({ store }: Rooms, events: readonly LogEvent[]): Promise<Map<string, Message>> {
  const found = new Map<string, Message>()
  const ours = events.filter(({ type }) => type.startsWith('message.'))
  for (const [workspace, theirs] of Map.groupBy(ours, event => event.workspace)) {
    const ids = [...new Set(theirs.map(({ subject }) => subject as MessageId))]
    for (let at = 0; at < ids.length; at += IDS_MAX) {
      const some = await store.query('messagesById', { workspace, ids: ids.slice(at, at + IDS_MAX) })
      for (const message of some) found.set(message.id, message)
    }
  }
  return found
}
/** Messages that are read at once. */
const IDS_MAX = 500

/** What a visitor wrote, for its other pages too; what it is sent, once it is sent; how far that came, for all. */
function tellMessage({ rooms, channels }: Hall, event: LogEvent, messages: Map<string, Message>): void {
  const message = messages.get(event.subject)
  const room = message && channels.get(message.channel)
  if (message === undefined || room === undefined) return
  const { contact, address } = message
  const visits = new Set([...(room.byContact.get(contact) ?? []), ...(room.byKey.get(address.value) ?? [])])
  if (visits.size === 0) return
  const status = event.type === 'message.created' ? 'sent' : statusIn(event)
  if (status === 'pending' || status === 'failed') return
  const frame: DaemonFrame = {
    type: status === 'sent' ? 'message' : 'changed',
    cursor: cursorOf(event.sequence),
    message: shownMessage(rooms, message),
  }
  const text = JSON.stringify(frame)
  for (const visit of visits) {
    if (!visit.family.includes(contact)) meet(channels, visit, [...visit.family, contact])
    visit.tell(event.sequence, text)
  }
}

function statusIn(event: LogEvent): string {
  return (parseEvent(event).data as { status: string }).status
}

/** Its page may have changed, or it is gone. */
async function tellChannel({ rooms, channels }: Hall, { subject, workspace }: LogEvent): Promise<void> {
  // The directory follows the same events, maybe later than we do.
  await rooms.feed.refresh(workspace)
  const visits = [...(channels.get(subject as ChannelId)?.visits ?? [])]
  const site = findSite(rooms.directory.get(subject as ChannelId))
  if (site === undefined) {
    for (const visit of visits)
      visit.bye({ code: 'channelGone', detail: 'This chat was closed.', again: false })
    return
  }
  const frame: DaemonFrame = { type: 'channel', page: channelPage(site) }
  const text = JSON.stringify(frame)
  for (const visit of visits) if (visit.state === 'open') visit.pass(text)
}

/** Somebody was identified, merged or reset: tokens may count no more, and a thread may be longer than it was. */
async function tellContact({ rooms, channels }: Hall, event: LogEvent): Promise<void> {
  const ids = [event.subject as ContactId]
  if (event.type === 'contact.merged') ids.push((parseEvent(event).data as { into: ContactId }).into)
  for (const room of channels.values()) {
    const visits = new Set(ids.flatMap(id => [...(room.byContact.get(id) ?? [])]))
    for (const visit of visits) await look(rooms, channels, visit)
  }
}

async function look(rooms: Rooms, channels: Map<ChannelId, Room>, visit: Visit): Promise<void> {
  const { who, site } = visit
  if (who === undefined || visit.isChanging) return
  const { workspace, id: channel } = site
  const row = await rooms.store.query('visitor', { workspace, channel, visitor: who.visitor })
  if (visit.isChanging || visit.who !== who) return
  if ((row?.epoch ?? 0) !== who.epoch) {
    visit.bye(ANOTHER_TOKEN)
    return
  }
  const family = await familyOf(rooms, site, who)
  if (!visit.isChanging && visit.who === who) meet(channels, visit, family)
}

/** The page that identified its visitor tells the others of the browser its token; they need a moment for it. */
export const ANOTHER_TOKEN = {
  code: 'otherToken',
  detail: 'The visitor has another token by now.',
  again: true,
  retryAfterMs: 1_000,
}

function meet(channels: Map<ChannelId, Room>, visit: Visit, family: readonly ContactId[]): void {
  if (visit.state === 'closed') return
  leave(channels, visit)
  visit.family = family
  enter(channels, visit)
}

function enter(channels: Map<ChannelId, Room>, visit: Visit): void {
  if (visit.state === 'closed') return
  const { id } = visit.site
  const room: Room = channels.get(id) ?? { visits: new Set(), byContact: new Map(), byKey: new Map() }
  channels.set(id, room)
  room.visits.add(visit)
  for (const contact of visit.family) put(room.byContact, contact, visit)
  for (const key of visit.keys()) put(room.byKey, key, visit)
}

function leave(channels: Map<ChannelId, Room>, visit: Visit): void {
  const room = channels.get(visit.site.id)
  if (room === undefined) return
  room.visits.delete(visit)
  for (const contact of visit.family) drop(room.byContact, contact, visit)
  for (const key of visit.keys()) drop(room.byKey, key, visit)
  if (room.visits.size === 0) channels.delete(visit.site.id)
}

function put<K>(map: Map<K, Set<Visit>>, key: K, visit: Visit): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([visit]))
  else known.add(visit)
}

function drop<K>(map: Map<K, Set<Visit>>, key: K, visit: Visit): void {
  const known = map.get(key)
  known?.delete(visit)
  if (known?.size === 0) map.delete(key)
}

function* all(channels: Map<ChannelId, Room>): Generator<Visit> {
  for (const { visits } of [...channels.values()]) yield* [...visits]
}
