import { createHash } from 'node:crypto'
import { Value } from 'typebox/value'
import { countryOf, languageOf, timeZoneOf } from '../../model/contact.ts'
import type { ImportPlan } from '../../model/import.ts'
import { LIST_SEPARATOR } from '../../model/sheet.ts'
import { type Detected, detect } from '../../queue/csv/detect.ts'
import { mapColumns } from '../../queue/imports/columns.ts'
import { explain } from '../explain.ts'
import { invalidInput, Problem } from '../problem.ts'
import { ImportOptions } from './import-schemas.ts'

/** The options of an import as a client writes them. @throws Problem */
export function readOptions(text: string | undefined): ImportOptions {
  const value = text === undefined || text === '' ? {} : parsed(text)
  if (!Value.Check(ImportOptions, value)) throw invalidInput(explain(ImportOptions, value, 'options'))
  return value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidInput([{ field: 'options', message: 'must be JSON' }])
  }
}

/**
 * How a file is to be read, settled by its head before anything is kept of it: whoever sends the wrong file is told at
 * once, and it is read in the same way however often it has to be begun again.
 * @throws Problem
 */
export function planOf(
  head: Buffer,
  isWhole: boolean,
  options: ImportOptions,
  fields: readonly { key: string }[],
): ImportPlan {
  if (head.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004') {
    throw new Problem('unsupportedMediaType', 'This is a spreadsheet or an archive: save it as CSV.')
  }
  const detected = detect(head, options, isWhole)
  const { encoding, separator, newline } = detected
  const header = options.header ?? true
  return {
    ...{ encoding, separator, newline, header },
    columns: columnsOf(detected, options, header, fields),
    match: options.match ?? 'any',
    tagSeparator: options.tagSeparator ?? LIST_SEPARATOR,
    defaults: defaultsOf(options.defaults ?? {}),
    checkPhones: options.checkPhones ?? true,
    dryRun: options.dryRun ?? false,
  }
}

function columnsOf(
  { records }: Detected,
  { columns: mapping }: ImportOptions,
  header: boolean,
  fields: readonly { key: string }[],
): ImportPlan['columns'] {
  const first = records.find(({ fault }) => fault === undefined)
  if (first === undefined) throw invalidInput([{ field: 'file', message: 'has no rows' }])
  const keys = fields.map(({ key }) => key)
  const mapped = mapColumns(first.cells, { mapping, header, fields: keys })
  if ('columns' in mapped) return mapped.columns
  const found = first.cells.map(cell => cell.trim().slice(0, 40)).slice(0, 12)
  const hint = header ? `; its columns are ${found.join(', ')}` : ''
  const field = mapped.column === undefined ? 'options.columns' : `options.columns.${mapped.column}`
  throw invalidInput([{ field, message: `${mapped.error}${hint}` }])
}

function defaultsOf({ tags = [], language, country, timeZone }: NonNullable<ImportOptions['defaults']>) {
  const read = (name: string, of: (text: string) => string | undefined, text: string | undefined) => {
    const value = text === undefined ? null : of(text)
    if (value === undefined)
      throw invalidInput([{ field: `options.defaults.${name}`, message: 'is not known' }])
    return value
  }
  return {
    tags: tags.map(tag => tag.trim()).filter(tag => tag !== ''),
    language: read('language', languageOf, language),
    country: read('country', countryOf, country),
    timeZone: read('timeZone', timeZoneOf, timeZone),
  }
}

/** What makes two imports the same: the bytes of the file, and how they are read. */
export function hashOfImport(sha256: string, plan: ImportPlan): string {
  return createHash('sha256')
    .update(`${sha256} ${JSON.stringify(plan)}`)
    .digest('base64url')
}
