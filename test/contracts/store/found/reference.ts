import type { Contact } from '../../../../model/contact.ts'
import type { Condition, Filter } from '../../../../model/filter.ts'
import { words } from '../../../../model/text.ts'

/** Who is meant by a filter, said once more and without a database: what both engines have to agree with. */
export type Known = { contact: Contact; open: boolean; tagNames: ReadonlyMap<string, string> }

export function isMeant(filter: Filter, known: Known, now: number): boolean {
  if ('all' in filter) return filter.all.every(one => isMeant(one, known, now))
  if ('any' in filter) return filter.any.some(one => isMeant(one, known, now))
  if ('not' in filter) return !isMeant(filter.not, known, now)
  return answers(filter, known, now)
}

const plain = (text: unknown): string => words(String(text)).join(' ')
const digits = (text: string): string => text.replace(/\D/g, '')
const lower = (text: string): string => text.trim().toLowerCase()

function answers(
  { field, op, value, channel }: Condition,
  { contact, open, tagNames }: Known,
  now: number,
): boolean {
  const values = (Array.isArray(value) ? value : [value]) as never[]
  const some = (held: unknown[], isIt: (one: never, wanted: never) => boolean): boolean =>
    values.some(wanted => held.some(one => isIt(one as never, wanted)))
  const wantsThere = (held: unknown[]): boolean => held.length > 0 === ((value ?? true) as boolean)
  if (field === 'openConversation') return open === value
  if (field === 'tags') {
    const held = contact.tags
    if (op === 'exists') return wantsThere(held)
    const has = some(held, (one, wanted) => plain(one) === plain(tagNames.get(wanted) ?? wanted))
    return op === 'hasNone' ? !has : has
  }
  if (field === 'addresses') {
    const held = contact.addresses.map(one => one.kind)
    if (op === 'exists') return wantsThere(held)
    const has = some(held, (one, wanted) => one === wanted)
    return op === 'hasNone' ? !has : has
  }
  if (field === 'phone' || field === 'email') {
    const held = contact.addresses.filter(one => one.kind === field).map(one => one.value)
    if (op === 'exists') return wantsThere(held)
    const form = field === 'phone' ? digits : lower
    return some(held.map(form), (one: string, wanted: string) => compared(op, one, form(wanted)))
  }
  if (field.endsWith('At')) {
    const times =
      channel === undefined
        ? [contact[field as 'lastSeenAt']]
        : contact.seen.filter(one => one.channel === channel).map(one => one.at)
    const held = times.filter(time => time !== null).map(time => Date.parse(time))
    if (op === 'exists') return wantsThere(held)
    const at =
      typeof value === 'string'
        ? Date.parse(value)
        : now - (value as { daysAgo: number }).daysAgo * 86_400_000
    return held.some(one => (op === 'before' ? one < at : one >= at))
  }
  if (field.startsWith('consent.')) return op === 'exists' ? value === false : false
  const own = field.startsWith('fields.') ? contact.fields[field.slice(7)] : contact[field as 'name']
  const held = own === undefined || own === null ? [] : [own]
  if (op === 'exists') return wantsThere(held)
  if (['fields.plan', 'country', 'language', 'timeZone', 'kind', 'source'].includes(field))
    return some(held, (one, wanted) => one === wanted)
  return some(held, (one, wanted) =>
    typeof one === 'string' && op !== 'before' && op !== 'after' && field !== 'fields.born'
      ? compared(op, plain(one), plain(wanted))
      : ordered(op, one, dateOf(wanted, now) as never),
  )
}

function dateOf(wanted: unknown, now: number): unknown {
  if (typeof wanted !== 'object' || wanted === null) return wanted
  return new Date(now - (wanted as { daysAgo: number }).daysAgo * 86_400_000).toISOString().slice(0, 10)
}

function compared(op: string, held: string, wanted: string): boolean {
  if (op === 'contains') return held.includes(wanted)
  return op === 'startsWith' ? held.startsWith(wanted) : held === wanted
}

function ordered<T extends string | number | boolean>(op: string, held: T, wanted: T): boolean {
  if (op === 'greater' || op === 'after') return held > wanted
  return op === 'less' || op === 'before' ? held < wanted : held === wanted
}
