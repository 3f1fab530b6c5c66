import type { Message } from '../../model/message.ts'
import type { Place } from '../end-to-end/stores.ts'
import { type Running, run } from '../gateway/daemon.ts'
import { scratch } from '../scratch.ts'
import { type Visitor, type VisitorOptions, visit } from './visitor.ts'

/** A daemon with a website's chat. Visitors of it are gone with it. */
export type Website = AsyncDisposable & {
  daemon: Running
  channel: string
  visit(hello?: VisitorOptions['hello'], more?: Partial<VisitorOptions>): Promise<Visitor>
  answer(to: object, text: string): Promise<Message>
  message(id: string): Promise<Message>
  list(what: 'messages' | 'contacts'): Promise<Record<string, unknown>[]>
  /** The number of the newest event. */
  head(): Promise<number>
  /** The daemon again over what this one kept, on the same port. */
  restart(): Promise<void>
}

export async function openWebsite(
  place: Pick<Place, 'dataDir' | 'store'>,
  config: object = {},
  more: object = {},
): Promise<Website> {
  const { dataDir, store } = place
  const start = (port: number): Promise<Running> =>
    run({
      parts: ['gateway', 'router', 'queue'],
      dataDir,
      store,
      listen: { host: '127.0.0.1', port },
      ...more,
    })
  const visitors = new Set<Visitor>()
  let daemon = await start(0)
  const made = await daemon.call('POST', '/v1/channels', {
    body: {
      connector: 'webchat',
      name: 'Website',
      config: { origins: ['https://www.example.com'], ...config },
    },
  })
  if (made.status !== 201) throw new Error(made.text)
  const { id: channel } = made.body as { id: string }
  const { url } = daemon
  const website: Website = {
    get daemon() {
      return daemon
    },
    channel,
    visit: async (hello = {}, options = {}) => {
      const visitor = await visit({ url, channel, hello, ...options })
      visitors.add(visitor)
      return visitor
    },
    answer: async (to, text) => {
      const body = { ...to, content: { type: 'text', text } }
      const answer = await daemon.call('POST', '/v1/messages', { body })
      if (answer.status !== 202) throw new Error(answer.text)
      return answer.body
    },
    message: async id => (await daemon.call('GET', `/v1/messages/${id}`)).body as Message,
    list: async what =>
      ((await daemon.call('GET', `/v1/${what}`)).body as { data: Record<string, unknown>[] }).data,
    head: async () => {
      const [workspace] = await daemon.store.query('workspaces', {})
      return workspace?.head ?? 0
    },
    restart: async () => {
      await daemon.stop()
      daemon = await start(Number(new URL(url).port))
    },
    [Symbol.asyncDispose]: async () => {
      for (const visitor of visitors) visitor.leave()
      await daemon.stop()
    },
  }
  return website
}

export const ORIGIN = 'https://www.example.com'

/** A website on the embedded store, behind a proxy that it believes; `from` is an address that nobody used before. */
export async function openBehindProxy(): Promise<
  AsyncDisposable & { site: Website; from: () => { 'x-forwarded-for': string } }
> {
  const all = new AsyncDisposableStack()
  const folder = all.use(await scratch())
  const config = { origins: [ORIGIN, 'https://*.shop.example'], files: { bytesMax: 1_000_000 } }
  const more = { trustedProxies: ['127.0.0.0/8'] }
  const place = { dataDir: folder.path, store: 'sqlite:' }
  const site = all.use(await openWebsite(place, config, more))
  let addresses = 0
  return {
    site,
    from: () => ({ 'x-forwarded-for': `203.0.113.${++addresses}` }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
