import { createHmac, hkdfSync } from 'node:crypto'
import { type ChannelId, type ContactId, type FileId, isId } from '../../model/ids.ts'
import type { Random } from '../../model/random.ts'
import { sameText } from '../auth.ts'

/**
 * What a browser keeps of its visitor. It is signed and stored nowhere: a page view writes no row. `epoch` counts the
 * times that earlier tokens were taken back (`visitors` in the store), which is 0 where there is no row.
 */
export type VisitorToken = { visitor: string; epoch: number; issuedAt: number }

/** How long a token is good for. */
const TOKEN_MS = 365 * 86_400_000
/** One that is older is replaced by a new one, so that who comes back stays known. */
const RENEWED_MS = 30 * 86_400_000

/** Keys for signing tokens, one for each secret key. */
export function visitorKeysOf(secretKeys: readonly string[]): Uint8Array[] {
  return secretKeys.map(key => new Uint8Array(hkdfSync('sha256', key, '', 'omnibus webchat visitors', 32)))
}

/** 128 random bits: whoever cannot guess it cannot read another's thread. */
export function newVisitor(random: Random): string {
  return `v${Buffer.from(random.fill(new Uint8Array(16))).toString('base64url')}`
}

export function signVisitor(
  [key = new Uint8Array()]: readonly Uint8Array[],
  channel: ChannelId,
  token: VisitorToken,
): string {
  const body = `${token.visitor}.${token.epoch.toString(36)}.${token.issuedAt.toString(36)}`
  return `${body}.${macOf(key, channel, body)}`
}

/** undefined: not ours, of another channel, or too old. */
export function readVisitor(
  keys: readonly Uint8Array[],
  channel: ChannelId,
  text: string,
  now: number,
): VisitorToken | undefined {
  const [, body = '', visitor = '', epoch = '', issued = '', mac = ''] = TOKEN.exec(text) ?? []
  if (body === '' || !keys.some(key => sameText(macOf(key, channel, body), mac))) return undefined
  const issuedAt = Number.parseInt(issued, 36)
  return now - issuedAt > TOKEN_MS ? undefined : { visitor, epoch: Number.parseInt(epoch, 36), issuedAt }
}

const TOKEN = /^((v[\w-]{22})\.([0-9a-z]{1,8})\.([0-9a-z]{1,10}))\.([\w-]{43})$/

export function isWorn({ issuedAt }: VisitorToken, now: number): boolean {
  return now - issuedAt > RENEWED_MS
}

/** A file's name in a thread. Who holds it was shown the file, so that it may have a new link when the old one ends. */
export function nameShown(
  [key = new Uint8Array()]: readonly Uint8Array[],
  channel: ChannelId,
  contact: ContactId,
  file: FileId,
): string {
  return `${file}.${fileMacOf(key, channel, contact, file)}`
}

/** The file, if it was shown to one of these contacts on this channel. */
export function readShown(
  keys: readonly Uint8Array[],
  channel: ChannelId,
  contacts: readonly ContactId[],
  name: string,
): FileId | undefined {
  const [file = '', mac = ''] = name.split('.')
  if (!isId('fil', file)) return undefined
  const isRight = keys.some(key =>
    contacts.some(contact => sameText(fileMacOf(key, channel, contact, file), mac)),
  )
  return isRight ? file : undefined
}

function fileMacOf(key: Uint8Array, channel: ChannelId, contact: ContactId, file: FileId): string {
  return macOf(key, channel, `${contact}\n${file}`).slice(0, 22)
}

function macOf(key: Uint8Array, channel: ChannelId, body: string): string {
  return createHmac('sha256', key).update(`${channel}\n${body}`).digest('base64url')
}
