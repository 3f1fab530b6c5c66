import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { Inbound, Io, Outbound, WebhookRequest } from '../../connectors/connector.ts'
import { createHttp } from '../../connectors/kit/http.ts'
import { signedByMeta, subscribed } from '../../connectors/meta/meta.ts'
import { parse } from '../../connectors/whatsapp/parse.ts'
import {
  createWhatsAppSim,
  type WhatsAppSim,
  type WhatsAppSimOptions,
} from '../../connectors/whatsapp/sim.ts'
import type { WhatsAppConfig } from '../../connectors/whatsapp/whatsapp.ts'
import type { FileId } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'

export const NUMBER = '106540352242922'
export const ANA = '+5215512345678'

/** What tests of the WhatsApp connector need around it: the provider, what it may touch, and a subscriber. */
export type Rig = {
  sim: WhatsAppSim
  config: WhatsAppConfig
  io: Io
  close(): Promise<void>
}

export async function createRig(options: Partial<WhatsAppSimOptions> = {}): Promise<Rig> {
  const sim = await createWhatsAppSim({
    appSecret: 'app-secret',
    accessToken: 'token',
    verifyToken: 'verify',
    numbers: [{ phoneNumberId: NUMBER, displayPhoneNumber: '15550783881', wabaId: '102290129340398' }],
    seed: 1,
    ...options,
  })
  const { http, close } = createHttp({ egressAllow: ['loopback'], answerMs: 500 })
  const kept = new Map<string, Promise<unknown>>()
  const io: Io = {
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
  const config: WhatsAppConfig = {
    phoneNumberId: NUMBER,
    accessToken: 'token',
    appSecret: 'app-secret',
    verifyToken: 'verify',
    apiBase: sim.url,
  }
  return {
    sim,
    config,
    io,
    close: async () => {
      await close()
      await sim.stop()
    },
  }
}

let references = 0

/** A part to Ana; each with a reference of its own. */
export function outbound(content: Outbound['content'], more: Partial<Outbound> = {}): Outbound {
  references += 1
  return {
    address: { kind: 'phone', value: ANA },
    content,
    category: 'service',
    reference: `msg_${references}.0.1`,
    key: `msg_${references}.0.0`,
    webhookUrl: 'http://127.0.0.1/in/whatsapp/chn_1',
    replyTo: null,
    reactionTo: null,
    source: 'api',
    heardAt: null,
    ...more,
  }
}

export function storedFile(bytes: Buffer, mimeType: string, name?: string) {
  return {
    id: `fil_${name ?? mimeType}` as FileId,
    mimeType,
    size: bytes.length,
    sha256: 'ab'.repeat(32),
    ...(name !== undefined && { name }),
    open: async () => Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]),
    publicUrl: () => 'http://127.0.0.1:8080/files/fil_1',
  }
}

export type Subscriber = {
  url: string
  /** Items of every POST that was answered 200, in order. */
  items: Inbound[]
  posts: { status: number; size: number }[]
  close(): Promise<void>
}

/** A gateway in miniature: checks the signature, parses, and answers what `answer` says (200 if absent). */
export async function createSubscriber(answer: () => number = () => 200): Promise<Subscriber> {
  const items: Inbound[] = []
  const posts: Subscriber['posts'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { searchParams } = new URL(request.url ?? '/', 'http://x')
      const asked: WebhookRequest = {
        method: request.method ?? 'GET',
        url: '',
        query: Object.fromEntries(searchParams),
        headers: { 'x-hub-signature-256': request.headers['x-hub-signature-256'] as string | undefined },
        body: Buffer.concat(chunks),
        at: 0,
      }
      if (request.method === 'GET') {
        const hello = subscribed(asked, ['verify'])
        response.writeHead(hello?.status ?? 404).end(hello?.body)
        return
      }
      const status = signedByMeta(asked, 'app-secret') ? answer() : 401
      const found = parse(asked)
      posts.push({ status, size: found.length })
      if (status === 200) items.push(...found)
      response.writeHead(status).end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in/whatsapp`,
    items,
    posts,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
