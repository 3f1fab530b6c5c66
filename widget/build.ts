import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'

/**
 * Makes `dist/widget.js`, one script for websites, and its compressed forms beside it. Run by npm's `prepare`; what
 * fails here fails the installation.
 */
const folder = fileURLToPath(new URL('.', import.meta.url))

await build({
  root: folder,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    reportCompressedSize: false,
    lib: { entry: 'widget.ts', formats: ['iife'], name: 'omnibusWidget', fileName: () => 'widget.js' },
  },
})

const file = `${folder}dist/widget.js`
// In ASCII, so that it reads the same on a website of any encoding, whatever a proxy takes from its headers.
const ascii = readFileSync(file, 'utf8').replace(
  /[\u0080-\uffff]/g,
  unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
)
const script = Buffer.from(ascii, 'latin1')
writeFileSync(file, script)
writeFileSync(`${file}.gz`, gzipSync(script, { level: constants.Z_BEST_COMPRESSION }))
writeFileSync(`${file}.br`, brotliCompressSync(script))
