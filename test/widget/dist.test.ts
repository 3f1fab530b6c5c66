import { existsSync, readFileSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'

/** What `npm ci` made of `widget/`; nothing is built here. */
const BYTES_MAX = 25_000
const SCRIPT = new URL('../../widget/dist/widget.js', import.meta.url)

describe('the script of websites', () => {
  test('is there, with its compressed forms, and has less than 25 KB', () => {
    expect(existsSync(SCRIPT), 'not built: npm run build').toBe(true)
    const script = readFileSync(SCRIPT)
    const gzip = readFileSync(new URL(`${SCRIPT}.gz`))
    expect(gunzipSync(gzip).equals(script)).toBe(true)
    expect(brotliDecompressSync(readFileSync(new URL(`${SCRIPT}.br`))).equals(script)).toBe(true)
    expect(gzip.length).toBeLessThan(BYTES_MAX)
  })

  test('is ASCII: it reads the same on a website of any encoding', () => {
    expect(readFileSync(SCRIPT).every(byte => byte < 0x80)).toBe(true)
  })

  test('needs nothing that a strict policy refuses', () => {
    const script = readFileSync(SCRIPT, 'utf8')
    expect(script).not.toMatch(/\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write/)
    expect(script).not.toMatch(/setAttribute\(["'`]style/)
  })
})
