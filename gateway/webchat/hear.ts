import type { DaemonFrame, VisitorFrame } from '../../connectors/webchat/frames.ts'
import type { Change } from '../../model/change.ts'
import { isId, type MessageId } from '../../model/ids.ts'
import type { Rooms } from '../rooms.ts'
import { cursorOf } from './cursor.ts'
import type { Site } from './entrance.ts'
import { familyOf, greet, PAGE_MESSAGES, shownVisitor, stranger, threadOf, tokenOf } from './greet.ts'
import { ANOTHER_TOKEN, type Hub } from './hub.ts'
import { identifyAs } from './identify.ts'
import { readIdentity } from './identity.ts'
import type { Limits } from './limits.ts'
import { say } from './say.ts'
import { shownMessage, signedUrl } from './show.ts'
import { readShown } from './tokens.ts'
import type { Visit, Who } from './visit.ts'

export type Hearing = { rooms: Rooms; hub: Hub; limits: Limits; visit: Visit; site: Site }
type Hearer<T extends VisitorFrame['type']> = (
  hearing: Hearing,
  frame: Extract<VisitorFrame, { type: T }>,
) => Promise<string> | string

/** Does what one frame asks for; answers what became of it, in a word for the metrics. */
export async function hear(hearing: Hearing, frame: VisitorFrame): Promise<string> {
  const { state } = hearing.visit
  if ((frame.type === 'hello') !== (state === 'new')) {
    if (state === 'closed') return 'closed'
    hearing.visit.say({ type: 'error', code: 'notNow', detail: 'A socket begins with one hello.' })
    return 'notNow'
  }
  // The compiler cannot see that a frame's own entry takes that frame; the table's type is the proof.
  const hearer = HEARERS[frame.type] as (hearing: Hearing, frame: VisitorFrame) => Promise<string> | string
  return await hearer(hearing, frame)
}

const HEARERS: { [T in VisitorFrame['type']]: Hearer<T> } = {
  hello: async ({ rooms, hub, site, visit }, frame) => {
    await greet(rooms, hub, site, visit, frame)
    return 'done'
  },
  message: ({ rooms, limits, site, visit }, frame) => say(rooms, limits, site, visit, frame),
  received: (hearing, { ids }) => receipts(hearing, 'received', ids),
  read: (hearing, { ids }) => receipts(hearing, 'read', ids),
  typing,
  identify,
  reset,
  page: ({ visit }, { page }) => {
    visit.page = page
    return 'done'
  },
  history,
  link,
  ping: ({ hub, visit }) => {
    visit.cursor = Math.max(visit.cursor, hub.position(visit.site.workspace))
    visit.say({ type: 'pong', cursor: cursorOf(visit.cursor) })
    return 'done'
  },
}

/** PROVIDERS J: what a page has is `received`, what it showed is `read`. What is known already changes nothing. */
async function receipts(
  { rooms, visit }: Hearing,
  status: 'received' | 'read',
  told: readonly string[],
): Promise<string> {
  const { workspace, id: channel } = visit.site
  const ids = [...new Set(told)].filter((id): id is MessageId => isId('msg', id))
  const messages = ids.length === 0 ? [] : await rooms.store.query('messagesById', { workspace, ids })
  const at = rooms.clock.now()
  const changes = messages
    .filter(message => message.channel === channel && visit.family.includes(message.contact))
    .filter(message => message.status === 'sent' || (message.status === 'received' && status === 'read'))
    .flatMap(({ providerIds }) =>
      providerIds.map((providerId): Change => {
        return { kind: 'receipt', channel, of: { providerId }, status, at, raw: status }
      }),
    )
  if (changes.length === 0) return 'known'
  await rooms.store.commit({ workspace, changes })
  return 'done'
}

/** Told to who listens now, and kept nowhere. Before the first message there is nobody to be shown as typing. */
async function typing({ rooms, visit }: Hearing, { on }: { on: boolean }): Promise<string> {
  const { workspace, id: channel } = visit.site
  const [contact] = visit.family
  if (contact === undefined || !rooms.live.isHeard(workspace)) return 'unheard'
  const open = { workspace, contact, status: 'open', limit: 1 } as const
  const [conversation] = await rooms.store.query('conversations', open)
  rooms.live.tell(workspace, { channel, contact, conversation: conversation?.id ?? null, on })
  return 'done'
}

async function identify(
  hearing: Hearing,
  { identity: claim }: Extract<VisitorFrame, { type: 'identify' }>,
): Promise<string> {
  const { rooms, site, visit } = hearing
  const identity = readIdentity(claim, site.config, site.id, rooms.clock.now())
  if ('refused' in identity) {
    visit.say({ type: 'identityRefused', ...identity.refused })
    return identity.refused.code
  }
  visit.said = identity.said
  const { proven } = identity
  if (proven === undefined) return 'said'
  return become(hearing, who => identifyAs(rooms, site, who, proven))
}

async function reset(hearing: Hearing): Promise<string> {
  const { rooms, site, visit } = hearing
  return become(hearing, async ({ visitor, epoch }) => {
    const change = { kind: 'visitorReset', channel: site.id, visitor, epoch } as const
    await rooms.store.commit({ workspace: site.workspace, changes: [change] })
    visit.said = undefined
    return stranger(rooms)
  })
}

/** The visitor is another from here on, or the same with another token: whoever holds an earlier one must show it. */
async function become(
  { rooms, hub, site, visit }: Hearing,
  next: (who: Who) => Promise<Who>,
): Promise<string> {
  const before = visit.who
  if (before === undefined) return 'refused'
  visit.isChanging = true
  try {
    const who = await next(before)
    const others = hub.others(visit)
    const family = await familyOf(rooms, site, who)
    const isSame = who.visitor === before.visitor && family[0] === visit.family[0]
    hub.leave(visit)
    visit.who = who
    visit.family = family
    hub.enter(visit)
    const token = tokenOf(rooms, site, who)
    visit.say({ type: 'identified', token, visitor: shownVisitor(who), again: !isSame } satisfies DaemonFrame)
    if (who.visitor !== before.visitor || who.epoch !== before.epoch) {
      for (const other of others) if (other.who?.epoch !== who.epoch) other.bye(ANOTHER_TOKEN)
    }
    return 'done'
  } finally {
    visit.isChanging = false
  }
}

async function history({ rooms, visit }: Hearing, { before }: { before: string }): Promise<string> {
  if (!isId('msg', before)) return wrong(visit, 'before must be the id of a message')
  const { messages } = await rooms.store.query('thread', {
    ...threadOf(visit),
    before,
    limit: PAGE_MESSAGES + 1,
  })
  const page = messages.slice(0, PAGE_MESSAGES).toReversed()
  const shown = page.map(message => shownMessage(rooms, message))
  visit.say({ type: 'history', messages: shown, more: messages.length > PAGE_MESSAGES })
  return 'done'
}

function wrong(visit: Visit, detail: string): string {
  visit.say({ type: 'error', code: 'badFrame', detail })
  return 'badFrame'
}

/** A file that this visitor was shown; its name in a frame is the proof. */
async function link({ rooms, visit }: Hearing, { file }: { file: string }): Promise<string> {
  const { workspace, id: channel } = visit.site
  const id = readShown(rooms.visitorKeys, channel, visit.family, file)
  const known = id === undefined ? null : await rooms.store.query('file', { workspace, id })
  const url = known?.state === 'stored' ? signedUrl(rooms, workspace, known.id) : null
  visit.say({ type: 'link', file, url })
  return url === null ? 'unknown' : 'done'
}
