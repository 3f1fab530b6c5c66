import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Config } from '../../gateway/config.ts'
import { createDaemon, type Daemon, type DaemonOptions } from '../../gateway/gateway.ts'

export const TOKEN = 'the-admin-token-of-tests'
const APP_SECRET = 'app-secret-123'

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'omnibus-gateway-'))
}

function configOf(dataDir: string, more: Partial<Config> = {}): Config {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    publicUrl: null,
    dataDir,
    store: 'sqlite:',
    bus: 'memory',
    parts: ['gateway', 'router'],
    egress: { allow: ['127.0.0.0/8'] },
    trustedProxies: [],
    metricsToken: null,
    limits: { headroom: 0.9, requests: 0 },
    retention: { log: null, messages: null, raw: null, receipts: null, files: null },
    filesDir: null,
    adminToken: TOKEN,
    secretKey: ['a-secret-key-of-tests'],
    logLevel: 'silent',
    channels: [],
    ...more,
  }
}

export type Answer = { status: number; headers: Headers; body: never; text: string }

export type Running = Daemon & {
  dataDir: string
  call(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string>; token?: string | null },
  ): Promise<Answer>
  close(): Promise<void>
}

/** A whole daemon on a free port over an empty directory, which `close` removes. */
export async function run(more: Partial<Config> = {}, options: DaemonOptions = {}): Promise<Running> {
  const dataDir = more.dataDir ?? newFolder()
  const daemon = await createDaemon(configOf(dataDir, more), { firstChannel: false, ...options })
  return {
    ...daemon,
    dataDir,
    call: async (method, path, { body, headers, token = TOKEN } = {}) => {
      const isBytes = body instanceof FormData || body instanceof Uint8Array
      const raw = typeof body === 'string' || isBytes || body === undefined
      const answer = await fetch(daemon.url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const isJson = answer.headers.get('content-type')?.includes('json') && text !== ''
      const parsed = (isJson ? JSON.parse(text) : undefined) as never
      return { status: answer.status, headers: answer.headers, text, body: parsed }
    },
    close: async () => {
      await daemon.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export function whatsappConfig(phoneNumberId: string, more: Record<string, unknown> = {}) {
  return {
    phoneNumberId,
    accessToken: 'access-token-1',
    appSecret: APP_SECRET,
    verifyToken: 'verify-token-1',
    ...more,
  }
}

export async function makeChannel(
  daemon: Running,
  phoneNumberId: string,
  more: Record<string, unknown> = {},
  query = '',
): Promise<{ id: string; workspace: string; webhookUrl: string }> {
  const body = { connector: 'whatsapp', name: phoneNumberId, config: whatsappConfig(phoneNumberId, more) }
  const answer = await daemon.call('POST', `/v1/channels${query}`, { body })
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.body
}

export type Person = { number: string; from?: string; id: string; text?: string }

/** A delivery as Meta writes it: one change for each message, whatever number it is for. */
export function textDelivery(...messages: Person[]): string {
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: messages.map(({ number, from = '5215512345678', id, text = 'Hola' }) => ({
      id: 'account',
      changes: [
        {
          field: 'messages',
          value: {
            messaging_product: 'whatsapp',
            metadata: { display_phone_number: '15550783881', phone_number_id: number },
            contacts: [{ profile: { name: 'Ana' }, wa_id: from }],
            messages: [{ from, id, timestamp: '1790000000', type: 'text', text: { body: text } }],
          },
        },
      ],
    })),
  })
}

export function signature(body: string, secret = APP_SECRET): Record<string, string> {
  return { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
}

export function deliver(
  daemon: Running,
  body: string,
  path = '/in/whatsapp',
  secret = APP_SECRET,
): Promise<Answer> {
  return daemon.call('POST', path, { body, token: null, headers: signature(body, secret) })
}

/** The body of an answer that must be a problem. */
export function problem(answer: { status: number; headers: Headers; body: unknown }): unknown {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(answer.body).toMatchObject({ type: 'about:blank', status: answer.status })
  return answer.body
}
