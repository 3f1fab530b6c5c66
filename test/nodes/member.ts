import { subscribe } from 'node:diagnostics_channel'
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../gateway/config.ts'
import { createDaemon } from '../../gateway/gateway.ts'
import { LEASE_MS, WRITES, type Write } from './writes.ts'

/**
 * `node member.ts <dataDir> <token> <store>`: one of several nodes, with a lease that is short enough to wait for. It
 * notes each request to the provider when it is made and when its first byte goes out, in a way that survives a kill;
 * and it dies by SIGKILL at the nth passing of a step when it is told so.
 */
const [dataDir = '', token = '', store = ''] = process.argv.slice(2)
const { config } = loadConfig({
  env: { OMNIBUS_ADMIN_TOKEN: token, OMNIBUS_SECRET_KEY: 'the-secret-key-of-the-nodes' },
  flags: { '--data-dir': dataDir, '--port': '0', '--store': store },
})

/** https://github.com/nodejs/undici/blob/main/docs/docs/api/DiagnosticsChannel.md */
type Asked = { request: { path: string; body: unknown } }
const REFERENCE = /"biz_opaque_callback_data":"([^"]+)"/
const notes = openSync(join(dataDir, WRITES), 'a')

for (const [name, what] of [
  ['undici:request:create', 'made'],
  ['undici:client:sendHeaders', 'written'],
] as const) {
  subscribe(name, message => {
    const { path, body } = (message as Asked).request
    const [, reference] = path.endsWith('/messages') ? (REFERENCE.exec(String(body)) ?? []) : []
    if (reference === undefined) return
    // The clock that all processes of this machine share and nobody sets.
    const monotonic = Number(process.hrtime.bigint()) / 1e6
    const write: Write = { what, reference, monotonic, at: Date.now() }
    writeSync(notes, `${JSON.stringify(write)}\n`)
  })
}

let armed: { step: string; nth: number } | undefined
process.on('message', word => {
  armed = word as NonNullable<typeof armed>
})
const die = () => process.kill(process.pid, 'SIGKILL')
const daemon = await createDaemon(config, {
  firstChannel: false,
  leaseMs: LEASE_MS,
  probe: at => {
    if (armed?.step !== at) return
    armed.nth -= 1
    if (armed.nth > 0) return
    // An answer leaves at the end of the turn that gave it.
    if (at === 'inbound.4.answered') setImmediate(die)
    else die()
  },
})
process.once('SIGTERM', () => void daemon.stop().then(() => process.exit(0)))
process.once('disconnect', () => process.exit(1))
process.send?.({ url: daemon.url })
