import { ADDRESS_KINDS, type Address, type AddressKind } from '../../model/address.ts'
import {
  type ContactSet,
  countryOf,
  languageOf,
  NAME_MAX,
  TAGS_MAX,
  timeZoneOf,
} from '../../model/contact.ts'
import { type Field, readFieldValue } from '../../model/field.ts'
import { isId } from '../../model/ids.ts'
import type { ImportPlan, ImportRow, ImportTarget, Reject, RejectCode } from '../../model/import.ts'
import { plain, split } from '../../model/sheet.ts'
import { fold } from '../../model/text.ts'
import type { CsvRecord } from '../csv/records.ts'
import { createKeySet } from './keys.ts'
import { readPhone } from './phones.ts'

/** What some records say: rows to apply as JSON, and those that say nothing of use. */
export type Batch = {
  /** `ImportRow[]` as JSON. */
  rows: string
  tags: string[]
  rejected: Reject[]
}

export type RowFault = { code: RejectCode; detail: string }

/** Reads records of a file as contacts, in the order of the file: it remembers the keys that it saw. */
export function contactReader(
  plan: ImportPlan,
  fields: readonly Pick<Field, 'key' | 'type' | 'options'>[],
): (records: readonly CsvRecord[]) => Batch {
  const context = { plan, fields: new Map(fields.map(field => [field.key, field])) }
  const keys = createKeySet()
  let isHead = plan.header
  return records => {
    const batch: { rows: ImportRow[]; tags: Tags; rejected: Reject[] } = {
      rows: [],
      tags: tagList(),
      rejected: [],
    }
    for (const record of records) {
      // The first record that can be read names the columns; nothing before it is of anybody.
      if (isHead && record.fault === undefined) isHead = false
      else {
        const row = readRow(record, context, batch.tags)
        if ('code' in row) batch.rejected.push(row)
        else {
          const [key] = row.addresses
          if (key !== undefined && row.keys > 0 && keys.add(`${key.kind}:${key.value}`)) row.again = true
          batch.rows.push(row)
        }
      }
    }
    return { rows: JSON.stringify(batch.rows), tags: batch.tags.names, rejected: batch.rejected }
  }
}

type Context = { plan: ImportPlan; fields: ReadonlyMap<string, Pick<Field, 'type' | 'options'>> }
type Draft = ImportRow & { phones: number; country: string | null; tagNames: string[] }

function readRow({ line, cells, raw, fault }: CsvRecord, context: Context, tags: Tags): ImportRow | Reject {
  const { columns, defaults, match } = context.plan
  const wrong = (code: RejectCode, detail: string, column: string | null = null): Reject => {
    return { line, code, column, detail, raw }
  }
  if (fault !== undefined) return wrong(fault, FAULTS[fault])
  if (cells.slice(columns.length).some(cell => cell.trim() !== '')) {
    return wrong('columns', `it has ${cells.length} cells, and there are ${columns.length} columns`)
  }
  const row: Draft = {
    ...{ line, raw, addresses: [], keys: 0, phones: 0, country: null },
    tagNames: [...defaults.tags],
  }
  for (const [at, { column, to }] of columns.entries()) {
    const cell = to === 'ignore' ? '' : plain(cells[at] ?? '')
    const told = cell.trim() === '' ? undefined : READERS(to)(row, cell, context, to)
    if (told !== undefined) return wrong(told.code, told.detail, column)
  }
  const found = keyed(row, match)
  if (found === 0 && row.id === undefined) {
    return wrong('noAddress', match === 'any' ? 'it has no address and no id' : `it has no ${match}`)
  }
  if (row.tagNames.length > TAGS_MAX) return wrong('tags', `a contact has ${TAGS_MAX} tags at most`)
  const made = madeOf(row, defaults)
  return {
    ...{ line, raw, addresses: row.addresses, keys: found },
    ...(row.id === undefined ? {} : { id: row.id }),
    ...(row.set === undefined ? {} : { set: row.set }),
    ...(made === undefined ? {} : { made }),
    ...(row.tagNames.length === 0 ? {} : { tags: row.tagNames.map(name => tags.placeOf(name)) }),
    ...(row.fields === undefined ? {} : { fields: row.fields }),
  }
}

/** The addresses in the order in which they find a contact; tells how many of them do. */
function keyed(row: Draft, match: ImportPlan['match']): number {
  const rank = ({ kind }: Address): number => (match === kind ? 0 : (RANKS[kind] ?? 3))
  row.addresses.sort((a, b) => rank(a) - rank(b))
  if (match === 'any') return row.addresses.length
  return row.addresses.filter(({ kind }) => kind === match).length
}
const RANKS: Partial<Record<AddressKind, number>> = { phone: 1, email: 2 }

/** What a contact that is made gets besides what its row says; the phone tells its country better than a default. */
function madeOf(row: Draft, { language, country, timeZone }: ImportPlan['defaults']): ContactSet | undefined {
  const made: ContactSet = {}
  if (language !== null) made.language = language
  if (timeZone !== null) made.timeZone = timeZone
  const guessed = row.country ?? country
  if (guessed !== null) made.country = guessed
  return Object.keys(made).length === 0 ? undefined : made
}

type Reader = (row: Draft, cell: string, context: Context, to: ImportTarget) => RowFault | undefined

function READERS(to: ImportTarget): Reader {
  return SIMPLE[to] ?? (to.startsWith('fields.') ? readField : readAddress)
}

const SIMPLE: Partial<Record<ImportTarget, Reader>> = {
  id: (row, cell) => {
    const id = cell.trim()
    if (isId('ctc', id)) row.id = id
    return undefined
  },
  name: (row, cell) => {
    const name = row.set?.name == null ? cell.trim() : `${row.set.name} ${cell.trim()}`
    if (name.length > NAME_MAX) return { code: 'name', detail: `it has more than ${NAME_MAX} characters` }
    row.set = { ...row.set, name }
    return undefined
  },
  addresses: (row, cell, context) => {
    for (const text of split(cell)) {
      const [, kind = '', value = ''] = /^([a-z]+):(.+)$/.exec(text) ?? []
      const named = ADDRESS_KINDS.find(known => known === kind)
      if (named === undefined || named === 'group') {
        return { code: 'address', detail: `must be kind:value, as telegram:12345, and is ${shown(text)}` }
      }
      const fault = addAddress(row, named, value, context)
      if (fault !== undefined) return fault
    }
    return undefined
  },
  language: setting('language', languageOf, 'a language tag, as es or es-MX'),
  country: setting('country', countryOf, 'a country code of two letters, as MX'),
  timeZone: setting('timeZone', timeZoneOf, 'a time zone, as America/Mexico_City'),
  tags: (row, cell, { plan }) => {
    for (const name of split(cell, plan.tagSeparator)) {
      if (name.length > NAME_MAX) return { code: 'tags', detail: `a tag has at most ${NAME_MAX} characters` }
      row.tagNames.push(name)
    }
    return undefined
  },
}

function setting(
  name: 'language' | 'country' | 'timeZone',
  read: (text: string) => string | undefined,
  what: string,
): Reader {
  // A file says the same few words over and over, and reading one is not cheap.
  const known = new Map<string, string | undefined>()
  return (row, cell) => {
    if (!known.has(cell)) {
      if (known.size >= WORDS_MAX) known.clear()
      known.set(cell, read(cell))
    }
    const value = known.get(cell)
    if (value === undefined) return { code: name, detail: `must be ${what}, and is ${shown(cell)}` }
    row.set = { ...row.set, [name]: value }
    return undefined
  }
}
const WORDS_MAX = 1_000

const readField: Reader = (row, cell, { fields }, to) => {
  const key = to.slice('fields.'.length)
  const field = fields.get(key)
  // It was deleted since the import was made: nobody is shown it any more.
  if (field === undefined) return undefined
  const read = readFieldValue(field, cell)
  if ('error' in read) return { code: 'field', detail: `${read.error}, and is ${shown(cell)}` }
  row.fields = { ...row.fields, [key]: read.value }
  return undefined
}

const readAddress: Reader = (row, cell, context, to) => {
  return addAddress(row, to as AddressKind, cell.trim(), context)
}

function addAddress(row: Draft, kind: AddressKind, text: string, { plan }: Context): RowFault | undefined {
  let value = text
  if (kind === 'phone') {
    const read = readPhone(plain(text), plan.defaults.country, plan.checkPhones)
    if ('code' in read) return { ...read, detail: `${shown(text)} ${read.detail}` }
    value = read.phone
    row.country ??= read.country
  }
  if (kind === 'email' && !/^[^\s@]+@[^\s@]+$/.test(text)) {
    return { code: 'email', detail: `${shown(text)} is no e-mail address` }
  }
  if (value.length > ADDRESS_MAX)
    return { code: 'address', detail: `it has more than ${ADDRESS_MAX} characters` }
  if (!row.addresses.some(known => known.kind === kind && known.value === value)) {
    row.addresses.push({ kind, value })
  }
  return undefined
}
const ADDRESS_MAX = 320

/** A cell in a sentence. */
function shown(cell: string): string {
  return JSON.stringify(cell.length > SHOWN_MAX ? `${cell.slice(0, SHOWN_MAX)}…` : cell)
}
const SHOWN_MAX = 60

const FAULTS = {
  tooLong: 'it is longer than a megabyte',
  openQuote: 'a quote is opened in it and never closed',
  malformed: 'it cannot be read as cells',
} as const

/** The tags of a batch, each once whatever its case and accents. */
type Tags = { names: string[]; placeOf(name: string): number }

function tagList(): Tags {
  const places = new Map<string, number>()
  const names: string[] = []
  return {
    names,
    placeOf: name => {
      const known = places.get(name) ?? places.get(fold(name))
      if (known !== undefined) return known
      names.push(name)
      places.set(name, names.length - 1)
      places.set(fold(name), names.length - 1)
      return names.length - 1
    },
  }
}
