import type { Rate } from './buckets.ts'

/** What visitors may do (PROVIDERS H3). An address may be a whole office, a visitor is one person with a few pages. */
export const ADDRESS = {
  connections: { burst: 60, perSecond: 10 },
  messages: { burst: 120, perSecond: 20 },
  uploads: { burst: 30, perSecond: 0.5 },
} as const satisfies Record<string, Rate>

export const VISITOR = {
  messages: { burst: 20, perSecond: 1 },
  /** Characters of messages: a page of text now and then. */
  characters: { burst: 131_072, perSecond: 8_192 },
  uploads: { burst: 10, perSecond: 0.2 },
} as const satisfies Record<string, Rate>

/** Frames of one socket, of any type. */
export const FRAMES: Rate = { burst: 120, perSecond: 20 }

/** Open sockets of one address, and of one visitor. */
export const ADDRESS_SOCKETS_MAX = 500
export const VISITOR_SOCKETS_MAX = 20
