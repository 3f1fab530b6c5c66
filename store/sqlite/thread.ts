import { getCompileCacheDir } from 'node:module'
import { Worker } from 'node:worker_threads'
import { idMaker } from '../../model/ids.ts'
import { systemRandom } from '../../model/random.ts'
import { LogTrimmed, StoreFailing } from '../store.ts'
import { type EngineOptions, openEngine } from './engine.ts'
import { type Answer, answer, type Call } from './worker.ts'

/** Whoever performs calls on the database, one at a time and in order. */
export type Thread = {
  /** @throws StoreFailing, LogTrimmed, or an Error that blames the call. */
  call(call: Call): Promise<unknown>
  /** Whether it was called before, and so has its thread. */
  isStarted(): boolean
  close(): Promise<void>
}

export type OpenThread = (path: string, options: { readOnly: boolean }) => Thread

/** A thread does not inherit the cache of compiled modules; without it, it would load the type stripper for itself. */
const BOOT = `const { workerData } = require('node:worker_threads')
if (workerData.cache !== undefined) require('node:module').enableCompileCache(workerData.cache)
import(workerData.module)`

type Pending = { resolve: (value: unknown) => void; reject: (error: Error) => void }

/** A thread of its own, so that a disk write never holds the event loop. It is started anew if it dies. */
export function startThread(path: string, options: { readOnly: boolean }): Thread {
  const pending = new Map<number, Pending>()
  let next = 0
  let closing = false
  let worker: Worker | undefined
  const fail = (why: string): void => {
    worker = undefined
    for (const { reject } of pending.values()) reject(new StoreFailing(why))
    pending.clear()
  }
  const start = (): Worker => {
    const started = new Worker(BOOT, {
      eval: true,
      workerData: {
        path,
        ...options,
        cache: getCompileCacheDir(),
        module: import.meta.resolve('./worker.ts'),
      },
    })
    started.on('message', ({ id, answer }: { id: number; answer: Answer }) => {
      const waiting = pending.get(id)
      pending.delete(id)
      if (answer.ok) waiting?.resolve(answer.value)
      else waiting?.reject(errorOf(answer))
    })
    started.on('error', error => fail(`the store's thread died: ${String(error)}`))
    started.on('exit', () => fail("the store's thread has ended"))
    return started
  }
  const post = (call: Call | { op: 'close' }): Promise<unknown> =>
    new Promise((resolve, reject) => {
      worker ??= start()
      next += 1
      pending.set(next, { resolve, reject })
      worker.postMessage({ id: next, call })
    })
  return {
    isStarted: () => worker !== undefined,
    call: call => (closing ? Promise.reject(new StoreFailing('the store is closed')) : post(call)),
    close: async () => {
      closing = true
      if (worker !== undefined) await post({ op: 'close' })
    },
  }
}

/** The same on the caller's thread: what the other is measured against, and quick to start in tests. */
export function sameThread(path: string, options: Pick<EngineOptions, 'readOnly' | 'inBulk'>): Thread {
  const engine = openEngine(path, { ...options, newId: idMaker(systemRandom) })
  return {
    isStarted: () => true,
    call: async call => {
      const answered = answer(engine, call)
      if (!answered.ok) throw errorOf(answered)
      return answered.value
    },
    close: async () => engine.close(),
  }
}

function errorOf(answer: Extract<Answer, { ok: false }>): Error {
  if (answer.oldest !== undefined) return new LogTrimmed(answer.oldest)
  return answer.failing ? new StoreFailing(answer.message) : new Error(answer.message)
}
