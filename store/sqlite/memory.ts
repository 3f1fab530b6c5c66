import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** After this time nothing of the start is under way any more. */
const SETTLED_MS = 2_500

/**
 * A start makes garbage for which V8 grows its heap, and a thread that is idle never collects it: a tenth of an idle
 * process. One collection of all that is not needed (flavor `last-resort`) gives it back to the system; each thread has
 * a heap of its own.
 */
export function giveBackMemory(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }, SETTLED_MS).unref()
}
