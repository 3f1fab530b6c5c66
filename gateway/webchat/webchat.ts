import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { problems } from '../answers.ts'
import { Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import type { Upgrades } from '../upgrade.ts'
import { createHub } from './hub.ts'
import { createLimits } from './limits.ts'
import { ChannelParams, pageRoutes } from './pages.ts'
import { createSockets } from './sockets.ts'
import { uploadRoutes } from './uploads.ts'

/**
 * The daemon's side of a website's chat: what a page loads, a socket a page, and files. What is said over a socket is
 * `connectors/webchat/frames.ts`. The life of one: `sockets.ts` lets it in, `visit.ts` is it, `greet.ts` answers its
 * `hello`, `hear.ts` does what it asks, `hub.ts` tells it what happens.
 */
export async function openWebchat(app: FastifyInstance, rooms: Rooms, upgrades: Upgrades): Promise<void> {
  const limits = createLimits(rooms)
  const hub = createHub(rooms)
  const sockets = createSockets(rooms, hub, limits)
  rooms.live.show = hub.show
  rooms.stopping.addEventListener('abort', () => sockets.stop(), { once: true })
  app.addHook('onClose', () => hub.stop())
  upgrades.on('/webchat/:channel', sockets.accept)
  pageRoutes(app, rooms)
  await uploadRoutes(app, rooms, limits)
  app.get(
    '/webchat/:channel',
    {
      schema: {
        operationId: 'openWebchat',
        summary: "A visitor's WebSocket",
        description:
          'Upgrade to a WebSocket with the subprotocol omnibus-webchat-1; both sides say JSON frames, ' +
          'which connectors/webchat/frames.ts describes. The origin must be allowed by the channel.',
        tags: ['webchat'],
        security: [],
        params: ChannelParams,
        response: {
          101: Type.Null(),
          ...problems(
            'malformedRequest',
            'originRefused',
            'notFound',
            'upgradeRequired',
            'tooManyRequests',
            'unavailable',
          ),
        },
      },
    },
    async () => {
      throw new Problem('upgradeRequired', 'This URL takes WebSockets.', {
        headers: { upgrade: 'websocket', connection: 'Upgrade' },
      })
    },
  )
}
