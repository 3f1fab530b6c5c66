import { loadConfig } from '../../gateway/config.ts'
import { createDaemon } from '../../gateway/gateway.ts'

/**
 * `node victim.ts <dataDir> <token> <store> [<step> <nth>]`: a daemon that dies by SIGKILL at the nth passing of a
 * step, so that not even a `finally` runs. It tells its parent where it listens, stops well on SIGTERM, and ends when
 * its parent does.
 */
const [dataDir = '', token = '', store = '', step, nth] = process.argv.slice(2)
let passed = 0
/** RULES G1: the embedded store has a key that its first life makes; any other one is told it. */
const elsewhere = { '--store': store, '--secret-key': 'the-secret-key-of-the-crash-test' }
const { config } = loadConfig({
  env: { OMNIBUS_ADMIN_TOKEN: token },
  flags: { '--data-dir': dataDir, '--port': '0', ...(store === '' ? {} : elsewhere) },
})
const die = () => process.kill(process.pid, 'SIGKILL')
const daemon = await createDaemon(config, {
  firstChannel: false,
  probe: at => {
    if (at !== step) return
    passed += 1
    if (passed !== Number(nth)) return
    // An answer leaves at the end of the turn that gave it.
    if (at === 'inbound.4.answered') setImmediate(die)
    else die()
  },
})
process.once('SIGTERM', () => void daemon.stop().then(() => process.exit(0)))
process.once('disconnect', () => process.exit(1))
process.send?.({ url: daemon.url })
