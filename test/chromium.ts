import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { describeWith } from './optional.ts'

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

/**
 * `describe` for what needs a browser. Without the Chromium that `OMNIBUS_TEST_CHROMIUM` names, or one in a well-known
 * place, its tests are skipped, and say so; they fail instead where `OMNIBUS_TEST_REQUIRE` holds `chromium` or `all`.
 */
export function describeChromium(name: string, body: () => void): void {
  const isThere = path !== undefined && existsSync(path)
  const reason = `no Chromium at ${path ?? PLACES.join(', ')} (OMNIBUS_TEST_CHROMIUM)`
  describeWith('chromium', isThere ? undefined : reason, name, body)
}

export function launchChromium(): Promise<Browser> {
  if (path === undefined) throw new Error('no Chromium')
  return chromium.launch({ executablePath: path, args: ARGUMENTS, headless: true })
}
