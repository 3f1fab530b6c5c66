import { readFileSync } from 'node:fs'
import { type Config, environment, loadConfig } from '../config.ts'
import { type Call, Refused, UsageError } from './usage.ts'

/** A running daemon, as the commands that ask one see it: its HTTP API and nothing more. */
export type Client = {
  url: string
  /** The answer's JSON; undefined where it has none. @throws Refused, Unanswered */
  ask<T>(method: string, path: string, more?: Asked): Promise<T>
  /** An open answer, such as a stream of events. @throws Refused, Unanswered */
  open(path: string, more: Asked & { signal: AbortSignal }): Promise<Response>
  /** Every item of a list, page by page. */
  all<T>(path: string, query?: Query): AsyncGenerator<T>
}

type Query = Readonly<Record<string, string | undefined>>
export type Asked = {
  body?: unknown
  /** Instead of a body in JSON: a file, and how long it may take. */
  raw?: { body: Blob; type: string; withinMs: number }
  query?: Query
  headers?: Readonly<Record<string, string>>
}

/** Nobody answered, or only to say that it cannot be done now: asking again later makes sense. */
export class Unanswered extends Refused {
  override name = 'Unanswered'
}

/** How long an answer may take. A check of credentials asks the provider first, which has 20 s. */
const ANSWER_MS = 30_000

/**
 * The daemon and the token that flags, variables or the configuration name, in this order.
 * @throws UsageError, ConfigError when none does
 */
export function clientOf({ own, configured }: Call): Client {
  const env = environment()
  const givenUrl = own['--url'] ?? env['OMNIBUS_URL']
  const givenToken = own['--token'] ?? env['OMNIBUS_TOKEN'] ?? tokenIn(env['OMNIBUS_TOKEN_FILE'])
  // Who names both needs no configuration, and none is on most machines that ask a daemon elsewhere.
  const isWhole = givenUrl !== undefined && givenToken !== undefined
  const config = isWhole ? undefined : loadConfig({ flags: configured }).config
  const url = readUrl(givenUrl ?? urlOf(config))
  const token = givenToken ?? config?.adminToken
  if (token === undefined || token === null) {
    throw new UsageError('a token is needed: OMNIBUS_TOKEN, OMNIBUS_TOKEN_FILE or --token')
  }
  return openClient(url, token, own['--workspace'])
}

export function openClient(url: string, token: string, workspace?: string): Client {
  const open: Client['open'] = (path, { signal, ...asked }) =>
    request(url, token, 'GET', path, { ...asked, query: { workspace, ...asked.query } }, signal)
  const ask = async <T>(method: string, path: string, asked: Asked = {}): Promise<T> => {
    const query = { workspace, ...asked.query }
    const signal = AbortSignal.timeout(asked.raw?.withinMs ?? ANSWER_MS)
    const answer = await request(url, token, method, path, { ...asked, query }, signal)
    const text = await answer.text()
    if (text === '') return undefined as T
    return parsed(text, url) as T
  }
  return {
    url,
    ask,
    open,
    all: async function* <T>(path: string, query: Query = {}) {
      for (let after: string | undefined; ; ) {
        const page: { data: T[]; next: string | null } = await ask('GET', path, {
          query: { ...query, after },
        })
        yield* page.data
        if (page.next === null) return
        after = page.next
      }
    },
  }
}

function tokenIn(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`OMNIBUS_TOKEN_FILE: ${(error as Error).message}`)
  }
}

/** Where the configuration lets a daemon listen on this machine; an address that listens everywhere is reached here. */
export function urlOf(config: Pick<Config, 'listen' | 'publicUrl'> | undefined): string {
  const { host, port } = config?.listen ?? { host: '127.0.0.1', port: 8080 }
  if (port === 0) {
    if (config?.publicUrl != null) return config.publicUrl
    throw new UsageError('any free port was configured: say which one by --url or OMNIBUS_URL')
  }
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

function readUrl(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text))
    throw new UsageError(`"${text}" is no URL of a daemon`)
  return text.replace(/\/+$/, '')
}

async function request(
  url: string,
  token: string,
  method: string,
  path: string,
  { body, raw, query, headers }: Asked,
  signal: AbortSignal,
): Promise<Response> {
  const given = Object.entries(query ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  const answer = await fetch(`${url}${path}${search}`, {
    method,
    signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(raw === undefined ? {} : { 'content-type': raw.type }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(raw === undefined ? {} : { body: raw.body }),
  }).catch((error: unknown) => {
    throw new Unanswered(`nobody answers at ${url}: ${reasonOf(error)}`, { cause: error })
  })
  if (answer.ok) return answer
  throw refusalOf(url, answer.status, await answer.text().catch(() => ''))
}

/** `fetch` says that it failed; why is in its cause, or in the causes of each address it tried. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  const first = cause instanceof AggregateError ? cause.errors[0] : (cause ?? error)
  return first instanceof Error ? first.message || first.name : String(first)
}

type Problem = { detail?: string; errors?: { field: string; message: string }[] }

function refusalOf(url: string, status: number, text: string): Refused {
  if (status === 401) return new Refused(`${url} does not know this token (401)`)
  const problem = problemIn(text)
  if (problem === undefined) {
    const why = `${url} answers ${status}, and not as Omnibus does`
    return status >= 500 ? new Unanswered(why) : new Refused(why)
  }
  const fields = (problem.errors ?? []).map(({ field, message }) => `${field || 'the body'} ${message}`)
  const detail = fields.length > 0 ? fields.join('; ') : (problem.detail ?? '')
  const why = `${status === 403 ? 'not allowed: ' : ''}${detail} (${status})`
  return status >= 500 || status === 429 ? new Unanswered(why) : new Refused(why)
}

function problemIn(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'code' in value ? (value as Problem) : undefined
  } catch {
    return undefined
  }
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refused(`${url} does not answer as Omnibus does`)
  }
}
