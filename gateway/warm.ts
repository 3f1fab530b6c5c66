import { mkdtempSync, rmSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Starts a daemon and stops it, for the cache that `start.js` reads: threads load modules of their own, so nothing less
 * fills it. Run by npm's `prepare`.
 */
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/omnibus', import.meta.url)))
process.argv.splice(2, Number.POSITIVE_INFINITY, 'version')
await import('./main.ts')
await import('./cli/serve.ts')
const { loadConfig } = await import('./config.ts')
const { createDaemon } = await import('./gateway.ts')
const dataDir = mkdtempSync(join(tmpdir(), 'omnibus-warm-'))
try {
  const { config } = loadConfig({ flags: { '--data-dir': dataDir, '--port': '0' }, env: {} })
  await (await createDaemon(config)).stop()
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
