import { ADDRESS_KINDS } from '../../model/address.ts'
import type { ImportPlan, ImportTarget } from '../../model/import.ts'
import { fold } from '../../model/text.ts'

/** More is no list of people. */
const COLUMNS_MAX = 1_000

/** What a user says about the columns: by their name in the head, or by number from 1. */
export type Mapping = Readonly<Record<string, string>>

export type Mapped = { columns: ImportPlan['columns'] } | { error: string; column?: string }

/**
 * What each column of a file is: as the mapping says, and then nothing else is taken; without one, by the names that
 * people give to columns.
 */
export function mapColumns(
  head: readonly string[],
  { mapping, header, fields }: { mapping?: Mapping | undefined; header: boolean; fields: readonly string[] },
): Mapped {
  if (head.length > COLUMNS_MAX) return { error: `has ${head.length} columns; ${COLUMNS_MAX} are taken` }
  const columns = head.map((cell, at) => {
    const column = header && cell.trim() !== '' ? cell.trim() : String(at + 1)
    return { column, to: mapping === undefined ? guess(column, fields) : told(mapping, column, at) }
  })
  const wrong = columns.find(({ to }) => !isTarget(to, fields))
  if (wrong !== undefined)
    return { error: `${wrong.to} is not something a column can be`, column: wrong.column }
  const absent = Object.keys(mapping ?? {}).find(
    name => !columns.some(({ column }, at) => name === column || name === String(at + 1)),
  )
  if (absent !== undefined) return { error: 'there is no such column', column: absent }
  const targets = columns.map(({ to }) => to)
  const twice = targets.find((to, at) => ONCE.has(to) && targets.indexOf(to) < at)
  if (twice !== undefined) return { error: `two columns are the ${twice}` }
  return targets.some(to => isFinding(to))
    ? { columns: columns as ImportPlan['columns'] }
    : { error: 'no column is a phone, an e-mail address, another address or an id' }
}

function told(mapping: Mapping, column: string, at: number): string {
  return mapping[column] ?? mapping[String(at + 1)] ?? 'ignore'
}

function guess(column: string, fields: readonly string[]): string {
  const word = fold(column).replace(/[\s_.:-]+/g, ' ')
  const known = NAMES.get(word)
  if (known !== undefined) return known
  const key = fields.find(field => column === `fields.${field}` || fold(field) === fold(column))
  return key === undefined ? 'ignore' : `fields.${key}`
}

const OWN: readonly string[] = ['id', 'name', 'addresses', 'language', 'country', 'timeZone', 'tags']
const KINDS: readonly string[] = ADDRESS_KINDS.filter(kind => kind !== 'group')

function isTarget(to: string, fields: readonly string[]): to is ImportTarget {
  if (to === 'ignore' || OWN.includes(to) || KINDS.includes(to)) return true
  return to.startsWith('fields.') && fields.includes(to.slice('fields.'.length))
}

function isFinding(to: string): boolean {
  return to === 'id' || to === 'addresses' || KINDS.includes(to)
}

/** Names may be in two columns, first and last; phones and the like in any number. */
const ONCE: ReadonlySet<string> = new Set(['id', 'language', 'country', 'timeZone'])

/** How columns are called in the exports of other programs, folded: English, Spanish, Portuguese, Italian. */
const NAMES: ReadonlyMap<string, ImportTarget> = new Map(
  Object.entries({
    id: ['id', 'contact id', 'contact'],
    name: [
      ...['name', 'full name', 'first name', 'last name', 'firstname', 'lastname', 'surname', 'display name'],
      ...['nombre', 'nombres', 'nombre completo', 'apellido', 'apellidos', 'contacto'],
      ...['nome', 'nome completo', 'sobrenome', 'cognome', 'contato'],
    ],
    phone: [
      ...[
        'phone',
        'phone number',
        'mobile',
        'mobile phone',
        'cell',
        'cell phone',
        'cellphone',
        'tel',
        'number',
      ],
      ...[
        'telefono',
        'celular',
        'movil',
        'numero',
        'numero de telefono',
        'telefono movil',
        'telefono celular',
      ],
      ...['telefone', 'numero de telefone', 'cellulare', 'numero di telefono', 'whatsapp number', 'msisdn'],
    ],
    email: [
      ...['email', 'e mail', 'mail', 'email address', 'e mail address'],
      ...['correo', 'correo electronico', 'endereco de email', 'indirizzo email'],
    ],
    addresses: ['addresses'],
    whatsapp: ['whatsapp user id'],
    telegram: ['telegram', 'telegram id'],
    messenger: ['messenger', 'messenger id'],
    instagram: ['instagram', 'instagram id'],
    webchat: ['webchat'],
    language: ['language', 'locale', 'idioma', 'lengua', 'lingua'],
    country: ['country', 'country code', 'pais', 'paese'],
    timeZone: ['timezone', 'time zone', 'zona horaria', 'fuso horario', 'fuso orario'],
    tags: ['tags', 'tag', 'labels', 'label', 'etiquetas', 'etiqueta', 'etichette', 'etichetta', 'groups'],
  } satisfies Partial<Record<ImportTarget, string[]>>).flatMap(([to, words]) =>
    words.map(word => [word, to as ImportTarget] as const),
  ),
)
