import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { AnyConnector, Connector, Io } from '../../../connectors/connector.ts'
import { createHttp } from '../../../connectors/kit/http.ts'
import type { Sim } from '../../../connectors/kit/sim/sim.ts'
import { allConnectors, connectorOf } from '../../../connectors/registry.ts'
import type { Log } from '../../../model/log.ts'
import type { Message } from '../../../model/message.ts'
import { seededRandom } from '../../../model/random.ts'
import { type Answer, type Running, run } from '../../gateway/daemon.ts'
import type { Delivery, Subject, Which } from '../connector.ts'

/** One daemon with the three channels of a connector, its simulator, and everything that either of them said. */
export type Stand = {
  connector: Connector<never>
  daemon: Running
  sim: Sim
  channels: Record<Which, { id: string; config: Record<string, unknown> }>
  /** Calls the API, of the workspace of a channel. */
  call(method: string, path: string, body?: unknown, which?: Which): Promise<Answer>
  /** Makes a request of the provider's. Its status. */
  deliver(delivery: Delivery): Promise<number>
  /** The webhook of a channel, or (null) the one that all share. */
  urlOf(which: Which | null): string
  /** Messages of a channel with this text. */
  messages(which: Which, text: string): Promise<Message[]>
  post(which: Which, to: string, text: string): Promise<string>
  message(id: string): Promise<Message>
  until(what: string, holds: () => Promise<boolean> | boolean, withinMs?: number): Promise<void>
  /** What a connector is given for a call of its own. */
  io: Io
  /** All that was logged and answered. */
  said(): string
  close(): Promise<void>
}

const OURS: readonly Which[] = ['ours', 'sibling']

export async function createStand(subject: Subject): Promise<Stand> {
  const said: string[] = []
  const connector = connectorFor(subject)
  const sim = (await subject.start?.()) ?? noProvider()
  const daemon = await run(
    { parts: ['gateway', 'router', 'queue'] },
    { log: logTo(said), connectors: [connector, ...allConnectors().filter(one => one !== connector)] },
  )
  const workspace = await daemon.call('POST', '/v1/workspaces', { body: { name: 'Another company' } })
  const query = (which: Which): string =>
    OURS.includes(which) ? '' : `workspace=${(workspace.body as { id: string }).id}`
  const call: Stand['call'] = async (method, path, body, which = 'ours') => {
    const more = query(which)
    const where = more === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${more}`
    const answer = await daemon.call(method, where, body === undefined ? {} : { body })
    said.push(answer.text)
    return answer
  }
  const channels = {} as Stand['channels']
  for (const which of ['ours', 'sibling', 'stranger'] as const) {
    const config = subject.config(sim.url, which)
    const input = { connector: subject.connector, name: which, config }
    const answer = await call('POST', '/v1/channels', input, which)
    if (answer.status !== 201) throw new Error(`${which}: ${answer.text}`)
    channels[which] = { id: (answer.body as { id: string }).id, config }
  }
  const urlOf = (which: Which | null): string =>
    `${daemon.url}/in/${subject.connector}${which === null ? '' : `/${channels[which].id}`}`
  if (subject.start !== undefined && subject.receive !== undefined) {
    await sim.subscribe(urlOf(subject.receive.shared ? null : 'ours'))
  }
  const { http, close } = createHttp({ egressAllow: ['loopback'], answerMs: 1000 })
  return {
    ...{ daemon, sim, channels, call, urlOf },
    connector: connector as AnyConnector as Connector<never>,
    ...conversing(call, channels),
    deliver: async ({ method = 'POST', url, headers, body }) => {
      const answer = await fetch(url, { method, headers, ...(method !== 'GET' && { body }) })
      said.push(await answer.text())
      return answer.status
    },
    io: ioOf(http),
    said: () => said.join('\n'),
    close: async () => {
      await daemon.close()
      await close()
      await sim.stop()
    },
  }
}

export function connectorFor({ connector: name, defined }: Subject): AnyConnector {
  const connector = defined ?? connectorOf(name)
  if (connector === undefined) throw new Error(`${name} is not in the registry`)
  return connector
}

/** What the laws say their sentences with. */
function conversing(
  call: Stand['call'],
  channels: Stand['channels'],
): Pick<Stand, 'messages' | 'post' | 'message' | 'until'> {
  return {
    messages: async (which, text) => {
      const page = await call('GET', `/v1/messages?channel=${channels[which].id}&limit=200`, undefined, which)
      const { data } = page.body as { data: Message[] }
      return data.filter(({ content }) => content.type === 'text' && content.text === text)
    },
    post: async (which, to, text) => {
      const content = { type: 'text', text }
      const answer = await call('POST', '/v1/messages', { channel: channels[which].id, to, content }, which)
      if (answer.status !== 202) throw new Error(answer.text)
      return (answer.body as Message).id
    },
    message: async id => {
      const ours = await call('GET', `/v1/messages/${id}`)
      return (ours.status === 200 ? ours : await call('GET', `/v1/messages/${id}`, undefined, 'stranger'))
        .body
    },
    until: (what, holds, timeout = 5000) =>
      expect.poll(async () => await holds(), { timeout, interval: 5, message: what }).toBe(true),
  }
}

/** Everything that a log is given, errors with their causes and fields: what no redaction has looked at yet. */
function logTo(said: string[]): Log {
  const keep = (fields: object, message: string): void => {
    said.push(`${message} ${inspect(fields, { depth: 12 })}`)
  }
  return { debug: keep, info: keep, warn: keep, error: keep }
}

function ioOf(http: Io['http']): Io {
  const kept = new Map<string, Promise<unknown>>()
  return {
    http,
    signal: new AbortController().signal,
    now: () => Date.now(),
    random: seededRandom(1),
    memo: (key, _forMs, make) => {
      const known = kept.get(key) ?? make()
      kept.set(key, known)
      return known as ReturnType<typeof make>
    },
  }
}

/** Where a connector has no provider, nobody asks for it. */
function noProvider(): Sim {
  const missing = (): never => {
    throw new Error('there is no provider')
  }
  return {
    ...{ url: 'http://127.0.0.1:9', sent: [], stop: async () => {}, subscribe: missing, post: missing },
    ...{ behaviour: missing, behave: missing, stats: missing, drained: missing },
  }
}
