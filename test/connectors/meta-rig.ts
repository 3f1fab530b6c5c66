import { onTestFinished } from 'vitest'
import type { AnyConnector, Connector, Inbound, Io, Outbound } from '../../connectors/connector.ts'
import { instagram } from '../../connectors/instagram/instagram.ts'
import { createInstagramSim } from '../../connectors/instagram/sim.ts'
import type { SentMessage } from '../../connectors/kit/sim/audit.ts'
import { messenger } from '../../connectors/messenger/messenger.ts'
import { createMessengerSim } from '../../connectors/messenger/sim.ts'
import type { MetaSim, MetaSimOptions } from '../../connectors/meta/sim.ts'
import type { Failure } from '../../model/failure.ts'
import { SendFailure } from '../../model/failure.ts'
import { createIo, createSubscriber, outbound, type Subscriber } from './rig.ts'

/** A person, as both channels would name one. */
export const ANA_ID = '6123456789012345'
export const ACCOUNT = '1906385232743451'

/** The two channels and what differs between them in tests. */
export const META = {
  messenger: { connector: opened(messenger), create: createMessengerSim, key: 'pageId' },
  instagram: { connector: opened(instagram), create: createInstagramSim, key: 'accountId' },
} as const
export type MetaName = keyof typeof META
export const NAMES = Object.keys(META) as MetaName[]

type Config = Record<string, unknown>

function opened(connector: AnyConnector): Connector<Config> {
  return connector as unknown as Connector<Config>
}

export type MetaRig = {
  sim: MetaSim
  io: Io
  connector: Connector<Config>
  config: Config
  /** Sends to Ana; what the provider was told, or the failure. */
  send(content: Outbound['content'], more?: Partial<Outbound>): Promise<SentMessage>
  refused(content: Outbound['content'], more?: Partial<Outbound>): Promise<Failure>
  close(): Promise<void>
}

/** For one test: it goes with it. */
export async function rigOf(...args: Parameters<typeof createMetaRig>): Promise<MetaRig> {
  const rig = await createMetaRig(...args)
  onTestFinished(() => rig.close())
  return rig
}

export async function createMetaRig(
  name: MetaName,
  options: Partial<MetaSimOptions> = {},
  own: Config = {},
): Promise<MetaRig> {
  const { connector, create, key } = META[name]
  const sim = await create({
    ...{ appSecret: 'app-secret', accessToken: 'token', verifyToken: 'verify', seed: 1 },
    accounts: [{ id: ACCOUNT, name: 'Shop' }],
    ...options,
  })
  const { io, close } = createIo()
  const config = {
    ...{ [key]: ACCOUNT, accessToken: 'token', appSecret: 'app-secret', verifyToken: 'verify' },
    apiBase: sim.url,
    ...own,
  }
  const address = { kind: name, value: ANA_ID }
  return {
    ...{ sim, io, connector, config },
    send: async (content, more) => {
      await connector.send(outbound(content, { address, ...more }), config, io)
      return sim.sent.at(-1) as SentMessage
    },
    refused: async (content, more) => {
      try {
        await connector.send(outbound(content, { address, ...more }), config, io)
      } catch (error) {
        if (error instanceof SendFailure) return error.failure
        throw error
      }
      throw new Error('it was taken')
    },
    close: async () => {
      await close()
      await sim.stop()
    },
  }
}

/** Webhooks of a simulator, read. */
export async function listen(
  { sim, connector }: MetaRig,
  answer?: () => number,
): Promise<Subscriber & { of<K extends Inbound['kind']>(kind: K): (Inbound & { kind: K })[] }> {
  const subscriber = await createSubscriber(answer, request => connector.receive?.parse(request, {}) ?? [])
  await sim.subscribe(subscriber.url)
  return {
    ...subscriber,
    of: kind => subscriber.items.filter(item => item.kind === kind) as never,
  }
}
