import type { DaemonFrame, Resume, VisitorFrame } from '../../connectors/webchat/frames.ts'
import { userAddress } from '../../model/address.ts'
import type { ContactId } from '../../model/ids.ts'
import type { Message } from '../../model/message.ts'
import type { Rooms } from '../rooms.ts'
import { cursorOf, readCursor } from './cursor.ts'
import type { Site } from './entrance.ts'
import type { Hub } from './hub.ts'
import { identifyAs } from './identify.ts'
import { type Identity, readIdentity } from './identity.ts'
import { VISITOR_SOCKETS_MAX } from './rates.ts'
import { shownMessage } from './show.ts'
import { isWorn, newVisitor, readVisitor, signVisitor, type VisitorToken } from './tokens.ts'
import type { Visit, Who } from './visit.ts'

type Hello = Extract<VisitorFrame, { type: 'hello' }>

/** Messages in a page of the thread. */
export const PAGE_MESSAGES = 50
/** Events that a page may be behind and still get just what it missed. */
const REPLAY_EVENTS_MAX = 5_000
/** Silence before the daemon asks whether a page is still there; proxies hang up after 60 s (PROVIDERS H4). */
export const HEARTBEAT_MS = 25_000

/**
 * Answers `hello`: who this is, and what the page lacks. The visit enters the hub before anything is read, so that what
 * happens meanwhile is held for it, and comes after the welcome, once: by the number that the reading covers.
 */
export async function greet(rooms: Rooms, hub: Hub, site: Site, visit: Visit, hello: Hello): Promise<void> {
  const now = rooms.clock.now()
  visit.state = 'greeting'
  visit.language = hello.language
  visit.page = hello.page
  const token =
    hello.token === undefined ? undefined : readVisitor(rooms.visitorKeys, site.id, hello.token, now)
  const told = token && (await knownAs(rooms, site, token))
  const identity = hello.identity && readIdentity(hello.identity, site.config, site.id, now)
  const who = await whoItIs(rooms, site, told, identity)
  const isSame = told !== undefined && told.visitor === who.visitor && told.epoch === who.epoch
  visit.who = who
  visit.said = identity !== undefined && 'said' in identity ? identity.said : undefined
  visit.family = told === undefined && who.externalId === null ? [] : await familyOf(rooms, site, who)
  hub.enter(visit)
  if (hub.others(visit).length >= VISITOR_SOCKETS_MAX) {
    const detail = `${VISITOR_SOCKETS_MAX} pages of this visitor are open.`
    visit.bye({ code: 'tooManyPages', detail, again: true, retryAfterMs: 30_000 })
    return
  }
  const renewed = isSame && token !== undefined && !isWorn(token, now) ? undefined : tokenOf(rooms, site, who)
  const why = hello.token === undefined && hello.after === undefined ? 'new' : 'otherVisitor'
  const resumed = isSame ? await resume(rooms, visit, hello.after) : await again(rooms, visit, why)
  const { head, changed, ...start } = resumed
  rooms.metrics.webchatResumes.add([start.resume === 'again' ? start.reason : start.resume])
  visit.say({
    type: 'welcome',
    ...(renewed === undefined ? {} : { token: renewed }),
    visitor: shownVisitor(who),
    ...start,
    messages: start.messages.map(message => shownMessage(rooms, message)),
    cursor: cursorOf(head),
    heartbeatMs: HEARTBEAT_MS,
  } satisfies DaemonFrame)
  for (const message of changed) {
    visit.say({ type: 'changed', cursor: cursorOf(head), message: shownMessage(rooms, message) })
  }
  visit.open(head)
  if (identity !== undefined && 'refused' in identity)
    visit.say({ type: 'identityRefused', ...identity.refused })
}

export function shownVisitor({ visitor, externalId, name }: Who) {
  return { id: visitor, identified: externalId !== null, name }
}

export function tokenOf(rooms: Rooms, site: Pick<Site, 'id'>, { visitor, epoch }: Who): string {
  return signVisitor(rooms.visitorKeys, site.id, { visitor, epoch, issuedAt: rooms.clock.now() })
}

export function stranger({ random }: Pick<Rooms, 'random'>): Who {
  return { visitor: newVisitor(random), epoch: 0, externalId: null, name: null }
}

/** Who a token names, unless it was taken back. */
export async function knownAs(
  { store }: Rooms,
  { workspace, id: channel }: Pick<Site, 'id' | 'workspace'>,
  { visitor, epoch }: VisitorToken,
): Promise<Who | undefined> {
  const row = await store.query('visitor', { workspace, channel, visitor })
  if ((row?.epoch ?? 0) !== epoch) return undefined
  return { visitor, epoch, externalId: row?.externalId ?? null, name: row?.name ?? null }
}

export async function familyOf(
  { store }: Rooms,
  { workspace }: Pick<Site, 'workspace'>,
  { visitor, externalId }: Who,
): Promise<ContactId[]> {
  const ask = (value: string) => store.query('family', { workspace, address: { kind: 'webchat', value } })
  const known = externalId === null ? [] : await ask(userAddress(externalId).value)
  return known.length > 0 ? known : ask(visitor)
}

async function whoItIs(
  rooms: Rooms,
  site: Site,
  told: Who | undefined,
  identity: Identity | undefined,
): Promise<Who> {
  const known = told ?? stranger(rooms)
  if (identity === undefined || 'refused' in identity || identity.proven === undefined) return known
  return identifyAs(rooms, site, known, identity.proven)
}

type Start = Resume & { messages: Message[]; more: boolean; head: number; changed: Message[] }

async function resume(rooms: Rooms, visit: Visit, after: string | undefined): Promise<Start> {
  const cursor = after === undefined ? undefined : readCursor(after)
  if (cursor === undefined) return again(rooms, visit, 'noCursor')
  const news = await rooms.store.query('threadNews', {
    ...threadOf(visit),
    after: cursor,
    eventsMax: REPLAY_EVENTS_MAX,
  })
  if (news === null) return again(rooms, visit, 'tooFarBehind')
  return { resume: 'continued', messages: news.fresh, more: false, head: news.head, changed: news.changed }
}

async function again(
  rooms: Rooms,
  visit: Visit,
  reason: Extract<Resume, { resume: 'again' }>['reason'],
): Promise<Start> {
  const { head, messages } = await rooms.store.query('thread', {
    ...threadOf(visit),
    limit: PAGE_MESSAGES + 1,
  })
  const page = messages.slice(0, PAGE_MESSAGES).toReversed()
  return { resume: 'again', reason, messages: page, more: messages.length > PAGE_MESSAGES, head, changed: [] }
}

export function threadOf({ site: { workspace, id: channel }, family: contacts }: Visit) {
  return { workspace, channel, contacts }
}
