import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { describe, test } from 'vitest'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const named = process.env['OMNIBUS_TEST_CHROMIUM']
const path = named === undefined || named === '' ? PLACES.find(place => existsSync(place)) : named
const required = (process.env['OMNIBUS_TEST_REQUIRE'] ?? '').split(',').map(name => name.trim())
const isRequired = required.includes('all') || required.includes('chromium')

/**
 * `describe` for what needs a browser. Without the Chromium that `OMNIBUS_TEST_CHROMIUM` names, or one in a well-known
 * place, its tests are skipped, and say so; they fail instead where `OMNIBUS_TEST_REQUIRE` holds `chromium` or `all`.
 */
export function describeChromium(name: string, body: () => void): void {
  if (path !== undefined && existsSync(path)) {
    describe(name, body)
    return
  }
  const reason = `no Chromium at ${path ?? PLACES.join(', ')} (OMNIBUS_TEST_CHROMIUM)`
  if (isRequired) {
    test(name, () => {
      throw new Error(reason)
    })
  } else {
    process.stderr.write(`skipped: ${name}: ${reason}\n`)
    describe.skip(`${name} (skipped: ${reason})`, body)
  }
}

export function launchChromium(): Promise<Browser> {
  if (path === undefined) throw new Error('no Chromium')
  return chromium.launch({ executablePath: path, args: ARGUMENTS, headless: true })
}
