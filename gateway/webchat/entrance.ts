import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { OpenChannel } from '../../connectors/directory.ts'
import { type WebchatConfig, webchat } from '../../connectors/webchat/webchat.ts'
import type { ChannelId, WorkspaceId } from '../../model/ids.ts'
import { createClientAddress } from '../client-address.ts'
import { notFound, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { isAllowed } from './origins.ts'

/** A channel of ours with the shape of its config known. */
export type Site = { id: ChannelId; workspace: WorkspaceId; config: WebchatConfig }

/** @throws Problem notFound for a channel that is not there, or none of a website. */
export function siteOf({ directory }: Pick<Rooms, 'directory'>, id: string): Site {
  const channel = findSite(directory.get(id as ChannelId))
  if (channel === undefined) throw notFound('channel')
  return channel
}

export function findSite(channel: OpenChannel | undefined): Site | undefined {
  if (channel?.connector !== webchat) return undefined
  const { id, workspace, config } = channel
  return { id, workspace, config: config as WebchatConfig }
}

/** @throws Problem originRefused */
export function checkOrigin(rooms: Rooms, { config }: Site, origin: string | undefined): void {
  if (isAllowed(origin, config.origins, new URL(rooms.publicUrl()).origin)) return
  const detail = 'Pages of this origin are neither among the origins of the channel nor our own (publicUrl).'
  throw new Problem('originRefused', detail)
}

export function tooMany(waitMs: number, what: string): Problem {
  return new Problem('tooManyRequests', `Too many ${what} from here.`, {
    retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)),
  })
}

/**
 * From where a request comes, as Fastify tells it of its own requests (RULES G4). Of an IPv6 address the network: who
 * has one has all of its addresses.
 */
export function createAddressOf(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const addressOf = createClientAddress(trustedProxies)
  return request => networkOf(addressOf(request))
}

function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const parsed = ipaddr.parse(address) as ipaddr.IPv6
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString()
  return `${parsed.parts
    .slice(0, 4)
    .map(part => part.toString(16))
    .join(':')}::/64`
}
