import { availableParallelism } from 'node:os'
import { MessageChannel } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import type { CsvBatch, FromWorker, Job, ToWorker, Use } from './worker.ts'

export type { CsvBatch } from './worker.ts'

/**
 * Files of people are read in threads of their own: a file of a million rows must not hold up a webhook. Whoever takes
 * the batches sets the pace; a few are ready ahead, the rest of the file stays where it is.
 *
 * Used by imports, and by whatever else reads lists: see `READERS` in `worker.ts`.
 */
export type CsvPool = {
  /**
   * The batches of a file, in order. Leaving the loop ends the reading.
   * @throws what the source throws; Error if the thread died
   */
  read<U extends Use>(
    job: Omit<Job<U>, 'port'>,
    source: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<CsvBatch<U>>
  stop(): Promise<void>
}

/** Files that are read at the same time. */
const THREADS_MAX = Math.min(2, availableParallelism())
/** A thread is given back after so long without a file: it has 20 MB. */
const IDLE_MS = 5_000
/** Whatever a file holds, it cannot take the process down; what is young dies with its batch, and needs little room. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 }

/** Starts no thread, and loads nothing, before the first file. */
export function createCsvPool(): CsvPool {
  let pool: Promise<Piscina> | undefined
  return {
    read: async function* <U extends Use>(job: Omit<Job<U>, 'port'>, source: AsyncIterable<Uint8Array>) {
      pool ??= startPool()
      yield* batchesOf(await pool, job, source) as AsyncGenerator<CsvBatch<U>>
    },
    stop: async () => {
      await (await pool)?.destroy()
    },
  }
}

async function startPool(): Promise<Piscina> {
  const { Piscina } = await import('piscina')
  return new Piscina({
    filename: import.meta.resolve('./worker.ts'),
    minThreads: 0,
    maxThreads: THREADS_MAX,
    idleTimeout: IDLE_MS,
    // A thread that waits for its next task by atomics is deaf meanwhile: the line of the last one would not go down.
    atomics: 'disabled',
    resourceLimits: HEAP,
  })
}

async function* batchesOf(
  pool: Piscina,
  job: Omit<Job, 'port'>,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<CsvBatch> {
  const { port1: port, port2 } = new MessageChannel()
  const chunks = source[Symbol.asyncIterator]()
  const batches: CsvBatch[] = []
  let end: { error?: unknown } | undefined
  let wake = (): void => {}
  const ended = (error?: unknown): void => {
    end ??= { error }
    wake()
  }
  const post = (message: ToWorker, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved)
  const feed = (chunk: Uint8Array | null): void => {
    // A part of a large buffer takes all of it along.
    const own = chunk && new Uint8Array(chunk)
    post(own, own === null ? [] : [own.buffer])
  }
  // Asked for one after the other, and answered so: an iterator need not take two questions at once.
  let feeding: Promise<void> = Promise.resolve()
  port.on('message', (message: FromWorker) => {
    if (message === 'bytes') {
      feeding = feeding
        .then(() => chunks.next())
        .then(next => feed(next.done === true ? null : next.value))
        .catch(ended)
    } else {
      batches.push(message)
      wake()
    }
  })
  // What the thread said last comes before the line goes down, but maybe after word that it is done.
  const down = new Promise(resolve => port.once('close', resolve))
  // Its type is taken from another way to call `postMessage` than the one that it is for.
  const run = pool.run({ ...job, port: port2 }, { transferList: [port2] as never })
  const reading = Promise.all([run, down]).then(() => ended(), ended)
  try {
    for (;;) {
      const batch = batches.shift()
      if (batch !== undefined) {
        yield batch
        post('taken')
      } else if (end !== undefined) {
        if (end.error !== undefined) throw end.error
        return
      } else await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    port.close()
    await feeding
    await chunks.return?.()
    await reading
  }
}
