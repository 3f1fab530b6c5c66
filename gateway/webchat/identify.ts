import type { Identified } from '../../model/change.ts'
import type { Rooms } from '../rooms.ts'
import type { Site } from './entrance.ts'
import { stranger } from './greet.ts'
import type { Proven } from './identity.ts'
import type { Who } from './visit.ts'

/**
 * Makes the visitor the one whom the website proved it to be. Whoever is somebody else already becomes a new visitor:
 * on a computer that several use, two persons are never made one.
 */
export async function identifyAs(rooms: Rooms, site: Site, who: Who, proven: Proven): Promise<Who> {
  const { externalId } = proven
  const isFree = who.externalId === null || who.externalId === externalId
  for (const visitor of isFree ? [who, stranger(rooms)] : [stranger(rooms)]) {
    if (await isSettled(rooms, site, visitor, proven)) return visitor
    const change = identifiedOf(site, visitor, proven)
    const { outcomes } = await rooms.store.commit({ workspace: site.workspace, changes: [change] })
    const epoch = visitor.externalId === externalId ? visitor.epoch : visitor.epoch + 1
    if (outcomes[0]?.ok === true) return { ...visitor, epoch, externalId, name: proven.name }
    if (outcomes[0]?.code === 'notFound') break
  }
  return who
}

export function identifiedOf(site: Pick<Site, 'id'>, { visitor, epoch }: Who, proven: Proven): Identified {
  return { kind: 'identified', channel: site.id, visitor, epoch, ...proven }
}

/** A website proves its visitor on every page, and nearly always the same: that is no news. */
async function isSettled(
  { store }: Rooms,
  { workspace, id: channel }: Site,
  who: Who,
  proven: Proven,
): Promise<boolean> {
  if (who.externalId !== proven.externalId) return false
  const row = await store.query('visitor', { workspace, channel, visitor: who.visitor })
  const known = row && { externalId: row.externalId, name: row.name, addresses: row.addresses }
  return JSON.stringify(known) === JSON.stringify(proven)
}
