import type { ShownFile } from '../../connectors/webchat/frames.ts'
import type { Client } from '../state.ts'
import type { TextKey, Texts } from '../texts/en.ts'
import { en } from '../texts/en.ts'
import type { Words } from '../texts/texts.ts'
import { safeUrl } from './links.ts'

/** What the parts of the view share. */
export type Stage = {
  client: Client
  words: Words
  /** The daemon's: `https://chat.example.com`. */
  url: string
  now(): number
  /** Where the visitor goes on writing. */
  focusInput(): void
}

/** The daemon's codes that have a text of their own (`connectors/webchat/frames.ts`); the rest share one. */
const CODES: Readonly<Record<string, TextKey>> = {
  textTooLong: 'tooLong',
  fileUnknown: 'lost',
  unsupportedMediaType: 'badType',
  tooManyRequests: 'tooMany',
}

/** Why something was refused, in the visitor's language. */
export function reasonOf(code: string | undefined, { client, words }: Stage, otherwise: TextKey): string {
  const { page } = client.state()
  const key =
    code === undefined ? otherwise : (CODES[code] ?? (code in en ? (code as keyof Texts) : otherwise))
  return words.say(key, { n: key === 'tooLarge' ? words.size(page.files.bytesMax) : page.textMax })
}

/** The address of a file at the daemon, which says a path; undefined if there is none yet. */
export function addressOf(file: ShownFile, url: string): string | undefined {
  return file.url === null ? undefined : safeUrl(new URL(file.url, url).href)
}
