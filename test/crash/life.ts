import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Step } from '../../model/steps.ts'

/** When a life ends: at the nth passing of a step, or so long after it was told to begin. */
export type Kill = { step: Step; nth: number } | { afterMs: number }

/** One process of the daemon over a data directory, from its start to its end. */
export type Life = {
  url: string
  pid: number
  /** The signal that ended it; null if it stopped by itself. */
  ended: Promise<NodeJS.Signals | null>
  isOver(): boolean
  /** JSON in and out with the operator's token. @throws whatever `fetch` throws when the process is gone */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Says something that its program listens for. */
  tell(word: object): void
  kill(): void
  /** By SIGTERM, as an operator does. */
  stop(): Promise<void>
}

export type Answer = { status: number; headers: Headers; body: unknown }

/** Of every life there is: the next one is asked as the last one was. */
export const TOKEN = 'the-admin-token-of-the-crash-test'
const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url))
/** Where `npm start` keeps what Node compiled: a life begins in two thirds of the time. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/omnibus', import.meta.url))

/**
 * Undefined if the process was killed before it listened, which a kill by time may bring about.
 *
 * @param within a program that runs its arguments, instead of Node.js itself
 * @param store its URL, where it is not the one in `dataDir`
 * @param program takes the same arguments as `victim.ts`
 * @throws Error if it ended by itself: what a crash left behind may not keep the next life from starting
 */
export async function startLife(
  dataDir: string,
  kill?: Kill,
  within: readonly string[] = [process.execPath],
  store = '',
  program = VICTIM,
): Promise<Life | undefined> {
  const step = kill !== undefined && 'step' in kill ? [kill.step, String(kill.nth)] : []
  const [execPath = '', ...execArgv] = within
  const child = fork(program, [dataDir, TOKEN, store, ...step], {
    ...{ execPath, execArgv },
    env: { ...process.env, NODE_COMPILE_CACHE },
    stdio: ['ignore', 1, 2, 'ipc'],
  })
  let isOver = false
  const ended = new Promise<NodeJS.Signals | null>(resolve =>
    child.once('exit', (_code, signal) => {
      isOver = true
      resolve(signal)
    }),
  )
  const killLater = kill !== undefined && 'afterMs' in kill ? kill.afterMs : undefined
  const timer = killLater === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killLater)
  void ended.then(() => clearTimeout(timer))
  const url = await Promise.race([listening(child), ended.then(() => undefined)])
  if (url === undefined) {
    if ((await ended) !== 'SIGKILL') throw new Error('the daemon did not start')
    return undefined
  }
  return {
    url,
    pid: child.pid ?? 0,
    ended,
    isOver: () => isOver,
    call: async (method, path, body, headers) => call(url + path, method, body, headers),
    tell: word => void child.send(word, () => {}),
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise(resolve => child.once('message', message => resolve((message as { url: string }).url)))
}

async function call(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isForm = body instanceof FormData
  const isRaw = isForm || typeof body === 'string'
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== ''
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text }
}
