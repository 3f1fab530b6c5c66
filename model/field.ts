/**
 * Fields that a workspace adds to its contacts. A field's key and type never change: what is stored under them would
 * mean something else.
 */
export const FIELD_TYPES = ['text', 'number', 'list', 'date', 'check', 'url'] as const
export type FieldType = (typeof FIELD_TYPES)[number]

/** `text`, `url`: text. `date`: `YYYY-MM-DD`. `list`: one of the options. `check`: true or false. */
export type FieldValue = string | number | boolean

export type Field = {
  key: string
  title: string
  type: FieldType
  /** Of a list: what may be chosen. null for every other type. */
  options: string[] | null
  createdAt: string
}

export const FIELD_TEXT_MAX = 2_000
export const FIELD_OPTIONS_MAX = 200

/** How a field is called in the API, in filters and in the head of a CSV. */
export const FIELD_KEY = /^[a-z][a-zA-Z0-9_]{0,39}$/

type Definition = Pick<Field, 'type' | 'options'>
type Read = { value: FieldValue } | { error: string }

/**
 * A value as the API or a file brings it, in the form in which it is kept. Text that says a number or yes is taken:
 * files know nothing else.
 */
export function readFieldValue(field: Definition, input: unknown): Read {
  switch (field.type) {
    case 'text':
      return textOf(input)
    case 'url':
      return urlOf(input)
    case 'number':
      return numberOf(input)
    case 'date':
      return dateOf(input)
    case 'check':
      return checkOf(input)
    case 'list':
      return optionOf(field.options ?? [], input)
  }
}

function textOf(input: unknown): Read {
  const value = typeof input === 'number' ? String(input) : input
  if (typeof value !== 'string' || value === '') return { error: 'must be text' }
  return value.length <= FIELD_TEXT_MAX
    ? { value }
    : { error: `must have at most ${FIELD_TEXT_MAX} characters` }
}

function urlOf(input: unknown): Read {
  const error = 'must be an http or https URL'
  if (typeof input !== 'string' || input.length > FIELD_TEXT_MAX) return { error }
  const url = URL.parse(input.trim())
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? { value: input.trim() } : { error }
}

function numberOf(input: unknown): Read {
  const value = typeof input === 'string' && input.trim() !== '' ? Number(input) : input
  return typeof value === 'number' && Number.isFinite(value) ? { value } : { error: 'must be a number' }
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T.*)?$/

function dateOf(input: unknown): Read {
  const error = 'must be a date as YYYY-MM-DD'
  const [, year, month, day] = typeof input === 'string' ? (DATE.exec(input.trim()) ?? []) : []
  if (year === undefined) return { error }
  const date = `${year}-${month}-${day}`
  const time = Date.parse(`${date}T00:00:00Z`)
  // The parser takes the 31st of February for a day of March.
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(date) ? { value: date } : { error }
}

const YES = new Set(['true', '1', 'yes', 'y', 'sí', 'si', 'sim', 'sì', 'x'])
const NO = new Set(['false', '0', 'no', 'n', 'não', 'nao'])

function checkOf(input: unknown): Read {
  if (typeof input === 'boolean') return { value: input }
  const word =
    typeof input === 'string' || typeof input === 'number' ? String(input).trim().toLowerCase() : ''
  if (YES.has(word)) return { value: true }
  return NO.has(word) ? { value: false } : { error: 'must be true or false' }
}

function optionOf(options: readonly string[], input: unknown): Read {
  const word = typeof input === 'string' ? input.trim().toLowerCase() : undefined
  const value = options.find(option => option.toLowerCase() === word)
  return value === undefined ? { error: `must be one of ${options.join(', ')}` } : { value }
}
