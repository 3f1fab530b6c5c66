import type { ChannelPage } from '../connectors/webchat/frames.ts'
import { random, warn } from './browser.ts'
import { waitMs } from './line.ts'

/** The website is not kept busy for a daemon that is gone: it is asked this often, within two minutes. */
const TRIES_MAX = 8

/** What the channel says of itself; undefined if there is none for this website, and its developer was told why. */
export async function fetchConfig(url: string): Promise<ChannelPage | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (tries > 0) await new Promise(resolve => setTimeout(resolve, waitMs(tries, random())))
    const answer = await fetch(url, { credentials: 'omit' }).catch(() => undefined)
    if (answer?.ok === true) return (await answer.json()) as ChannelPage
    if (answer !== undefined && answer.status < 500 && answer.status !== 429) {
      warn(`no chat here: ${url} answered ${answer.status}: ${await answer.text()}`)
      return undefined
    }
    // A browser does not say whether the daemon is gone or refused this website, so both are named, and at once.
    if (tries === 0)
      warn(`no chat here yet: ${url} did not answer. Is ${location.origin} in the channel's origins?`)
  }
  return undefined
}
