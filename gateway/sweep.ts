import type { Log } from '../model/log.ts'
import type { Keep, Store } from '../store/store.ts'
import type { Config } from './config.ts'

const SWEEP_MS = 600_000
/** While there is more to drop: a pause in which others commit. */
const SWEEP_AGAIN_MS = 100
const DAY_MS = 86_400_000

/** The configured days as the store takes them. */
export function keepOf({ retention }: Pick<Config, 'retention'>): Keep {
  const ms = (days: number | null): number | null => (days === null ? null : days * DAY_MS)
  const { log, messages, raw, receipts, files } = retention
  return { log: ms(log), messages: ms(messages), raw: ms(raw), receipts: ms(receipts), files: ms(files) }
}

/** Drops what is kept no longer, now and then. Returns how to stop it. */
export function startSweep(store: Pick<Store, 'sweep'>, keep: Keep, log: Log): () => Promise<void> {
  let last = Promise.resolve()
  let stopped = false
  let timer: NodeJS.Timeout
  const wait = (ms: number): void => {
    if (stopped) return
    timer = setTimeout(() => {
      last = run()
    }, ms)
    timer.unref()
  }
  const run = async (): Promise<void> => {
    try {
      const { deleted, more } = await store.sweep(keep)
      log.debug({ deleted, more }, 'swept')
      wait(more ? SWEEP_AGAIN_MS : SWEEP_MS)
    } catch (error) {
      log.warn({ err: error }, 'sweeping failed')
      wait(SWEEP_MS)
    }
  }
  wait(SWEEP_MS)
  return async () => {
    stopped = true
    clearTimeout(timer)
    await last
  }
}
