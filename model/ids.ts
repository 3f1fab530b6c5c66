import { fromUUIDBytes } from 'typeid-js'
import type { Random } from './random.ts'

/**
 * Identifiers are TypeIDs (https://github.com/jetify-com/typeid): a prefix that names the kind and a UUIDv7 in
 * base32. They sort by creation time and stay opaque to everyone who receives one.
 */
declare const kind: unique symbol
export type Id<Prefix extends string> = string & { readonly [kind]: Prefix }

export type WorkspaceId = Id<'wks'>
export type ChannelId = Id<'chn'>
export type ContactId = Id<'ctc'>
export type ConversationId = Id<'cnv'>
export type MessageId = Id<'msg'>
export type FileId = Id<'fil'>
export type EventId = Id<'evt'>
export type TokenId = Id<'tok'>
export type RejectedId = Id<'rej'>
export type TagId = Id<'tag'>
export type SegmentId = Id<'seg'>
export type CandidateId = Id<'cnd'>
export type TemplateId = Id<'tpl'>
export type ImportId = Id<'imp'>

const PREFIXES = [
  ...(['wks', 'chn', 'ctc', 'cnv', 'msg', 'fil', 'evt', 'tok', 'rej', 'tag', 'tpl'] as const),
  ...(['cnd', 'seg', 'imp'] as const),
] as const
export type Prefix = (typeof PREFIXES)[number]

/** Makes ids; two made by one maker never compare in the wrong order, even within a millisecond. */
export type IdMaker = <P extends Prefix>(prefix: P, at: number) => Id<P>

const COUNTER_MAX = 0xfff

/**
 * UUIDv7 (RFC 9562 §5.7) with the 12 bits of `rand_a` as a counter within the millisecond (§6.2, method 1).
 * A clock that steps back does not make ids step back: the newest time written stands.
 */
export function idMaker(random: Random): IdMaker {
  const pool = new Uint8Array(4096)
  let unused = pool.length
  let newest = 0
  let counter = 0
  return <P extends Prefix>(prefix: P, at: number): Id<P> => {
    if (at > newest) {
      newest = at
      counter = 0
    } else if (counter === COUNTER_MAX) {
      newest += 1
      counter = 0
    } else {
      counter += 1
    }
    if (unused + 16 > pool.length) {
      random.fill(pool)
      unused = 0
    }
    const bytes = pool.subarray(unused, unused + 16)
    unused += 16
    const high = Math.floor(newest / 2 ** 16)
    bytes[0] = high >>> 24
    bytes[1] = high >>> 16
    bytes[2] = high >>> 8
    bytes[3] = high
    bytes[4] = newest >>> 8
    bytes[5] = newest
    bytes[6] = 0x70 | (counter >>> 8)
    bytes[7] = counter
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
    return fromUUIDBytes(prefix, bytes) as string as Id<P>
  }
}

/** The smallest id that can be made in this millisecond: ids below it are older. */
export function firstIdAt<P extends Prefix>(prefix: P, at: number): Id<P> {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(at) << 16n)
  bytes[6] = 0x70
  bytes[8] = 0x80
  return fromUUIDBytes(prefix, bytes) as string as Id<P>
}

/** When an id was made, in milliseconds UTC: ten letters of five bits, the first two of which are none of its 48. */
export function timeOfId(id: string): number {
  let time = 0
  for (const letter of id.slice(id.indexOf('_') + 1).slice(0, 10)) time = time * 32 + LETTERS.indexOf(letter)
  return time
}
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

const SUFFIX = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/

/** Whether `text` has the form of an id of this kind; says nothing about whether it exists. */
export function isId<P extends Prefix>(prefix: P, text: unknown): text is Id<P> {
  return (
    typeof text === 'string' &&
    text.length === prefix.length + 27 &&
    text.startsWith(`${prefix}_`) &&
    SUFFIX.test(text.slice(prefix.length + 1))
  )
}
