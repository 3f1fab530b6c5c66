import type { ActIo, Action } from '../connectors/connector.ts'
import type { OpenChannel } from '../connectors/directory.ts'
import type { Rooms } from './rooms.ts'

/** What an action may take at most: nobody waits for it. */
const ACT_MS = 5_000

/** Asks the channel's connector for something worth doing, and not worth doing twice. Nobody hears how it went. */
export function act(
  { http, clock, random, live, stopping, log }: Omit<Rooms, 'publicUrl'>,
  { id, connector, config }: OpenChannel,
  action: Action,
): void {
  const io: ActIo = {
    ...{ http, random, now: clock.now },
    signal: AbortSignal.any([stopping, AbortSignal.timeout(ACT_MS)]),
    memo: (_key, _forMs, make) => make(),
    live: (address, frame) => live.show(id, address, frame),
  }
  connector.act?.(action, config, io).catch((error: unknown) => {
    log.debug({ err: error, channel: id, action: action.kind }, 'an action was not taken')
  })
}
