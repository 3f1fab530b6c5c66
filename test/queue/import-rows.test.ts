import { describe, expect, test } from 'vitest'
import type { ImportPlan, ImportRow, ImportTarget } from '../../model/import.ts'
import { mapColumns } from '../../queue/imports/columns.ts'
import { createKeySet } from '../../queue/imports/keys.ts'
import { readPhone } from '../../queue/imports/phones.ts'
import { contactReader } from '../../queue/imports/rows.ts'

const FIELDS = [
  { key: 'city', type: 'text', options: null },
  { key: 'points', type: 'number', options: null },
] as const

function planOf(columns: ImportTarget[], more: Partial<ImportPlan> = {}): ImportPlan {
  return {
    ...({ encoding: 'utf-8', separator: ',', newline: '\n', header: false, match: 'any' } as const),
    ...{ tagSeparator: ';', checkPhones: true, dryRun: false },
    columns: columns.map(to => ({ column: to, to })),
    defaults: { tags: [], language: null, country: null, timeZone: null },
    ...more,
  }
}

/** What the rows of a file say, and why others are left out. */
function read(columns: ImportTarget[], rows: string[][], more?: Partial<ImportPlan>) {
  const records = rows.map((cells, at) => ({ line: at + 1, cells, raw: cells.join() }))
  const { rows: text, tags, rejected } = contactReader(planOf(columns, more), FIELDS)(records)
  const said = (JSON.parse(text) as ImportRow[]).map(({ line: _line, raw: _raw, ...row }) => row)
  return { rows: said, tags, rejected: rejected.map(({ line, code, column }) => `${line} ${code} ${column}`) }
}

describe('RULES B6: phones in lists', () => {
  test.each<[string, string | null, string, string | null]>([
    ['+52 1 55 1234 5678', null, '+5215512345678', 'MX'],
    ['5215512345678', null, '+5215512345678', 'MX'],
    ['0052 55 1234 5678', null, '+525512345678', 'MX'],
    ['55 1234 5678', 'MX', '+525512345678', 'MX'],
    ['525512345678', 'MX', '+525512345678', 'MX'],
    ['5215512345678', 'MX', '+5215512345678', 'MX'],
    ['300 123 4567', 'CO', '+573001234567', 'CO'],
    ['+573001234567', 'MX', '+573001234567', 'CO'],
    ['340 123 4567', 'IT', '+393401234567', 'IT'],
  ])('%s in %s is %s', (cell, country, phone, found) => {
    expect(readPhone(cell, country, true)).toEqual({ phone, country: found })
  })

  test.each<[string, string | null]>([
    ['1234', 'MX'],
    ['5512345678', null],
    ['+52551234', null],
    ['5.73E+11', null],
    ['5,73E+11', 'CO'],
    ['call me', null],
    ['+1234567890123456', null],
  ])('%s in %s is none', (cell, country) => {
    expect(readPhone(cell, country, true)).toMatchObject({ code: 'phone' })
  })

  test('what the library thinks is a hint: whoever says so may import it all the same', () => {
    expect(readPhone('+52551234', null, false)).toMatchObject({ phone: '+52551234' })
  })
})

describe('rows', () => {
  test('every kind of column', () => {
    const columns: ImportTarget[] = ['name', 'name', 'phone', 'phone', 'email', 'addresses', 'language']
    columns.push('country', 'timeZone', 'tags', 'fields.city', 'fields.points', 'ignore')
    const cells = [
      'Ana',
      'Gómez',
      "'+573001234567",
      '+573001234568',
      'ana@example.com',
      'telegram:7;webchat:user:9',
    ]
    cells.push('es_co', 'co', 'America/Bogota', 'VIP;vip;nuevo', "'=A1", '7', 'x')
    const { rows, tags, rejected } = read(columns, [cells])
    expect(rejected).toEqual([])
    expect(tags).toEqual(['VIP', 'nuevo'])
    expect(rows).toEqual([
      {
        addresses: [
          { kind: 'phone', value: '+573001234567' },
          { kind: 'phone', value: '+573001234568' },
          { kind: 'email', value: 'ana@example.com' },
          { kind: 'telegram', value: '7' },
          { kind: 'webchat', value: 'user:9' },
        ],
        keys: 5,
        set: { name: 'Ana Gómez', language: 'es-CO', country: 'CO', timeZone: 'America/Bogota' },
        made: { country: 'CO' },
        tags: [0, 0, 1],
        fields: { city: '=A1', points: 7 },
      },
    ])
  })

  test('an empty cell says nothing; defaults are of contacts that are made, tags of all', () => {
    const defaults = { tags: ['lista'], language: 'es', country: 'MX', timeZone: null }
    const { rows, tags } = read(['name', 'phone', 'language'], [['', '5512345678', ' ']], { defaults })
    expect(rows).toMatchObject([{ made: { language: 'es', country: 'MX' }, tags: [0] }])
    expect(rows[0]).not.toHaveProperty('set')
    expect(tags).toEqual(['lista'])
  })

  test.each<[string, ImportTarget[], string[], string]>([
    ['no address', ['name', 'phone'], ['Ana', ''], 'noAddress null'],
    ['no phone', ['phone'], ['12'], 'phone phone'],
    ['no e-mail', ['email'], ['ana at example.com'], 'email email'],
    ['no address of a kind', ['addresses'], ['pigeon:7'], 'address addresses'],
    ['a group', ['addresses'], ['group:7'], 'address addresses'],
    ['no language', ['phone', 'language'], ['+5215512345678', '!'], 'language language'],
    ['no country', ['phone', 'country'], ['+5215512345678', 'Mexico'], 'country country'],
    ['no time zone', ['phone', 'timeZone'], ['+5215512345678', 'Here'], 'timeZone timeZone'],
    ['a long name', ['phone', 'name'], ['+5215512345678', 'x'.repeat(201)], 'name name'],
    ['a long tag', ['phone', 'tags'], ['+5215512345678', 'x'.repeat(201)], 'tags tags'],
    ['no number', ['phone', 'fields.points'], ['+5215512345678', 'many'], 'field fields.points'],
    ['more cells than columns', ['phone'], ['+5215512345678', 'x'], 'columns null'],
  ])('%s: a report for the row, and the next one goes', (_name, columns, cells, expected) => {
    const good = columns.map(to => (to === 'phone' ? '+5215500000000' : ''))
    const all = columns.includes('phone') ? [cells, good] : [cells]
    expect(read(columns, all)).toMatchObject({
      rejected: [`1 ${expected}`],
      rows: columns.includes('phone') ? [{}] : [],
    })
  })

  test('found by e-mail alone, a row needs one; its phone is no key', () => {
    const rows = [
      ['+5215512345678', 'a@b.co'],
      ['+5215512345678', ''],
    ]
    const found = read(['phone', 'email'], rows, { match: 'email' })
    expect(found.rejected).toEqual(['2 noAddress null'])
    expect(found.rows).toMatchObject([{ keys: 1, addresses: [{ kind: 'email' }, { kind: 'phone' }] }])
  })

  test('a later row with the same key says so', () => {
    const { rows } = read(['phone'], [['+5215512345678'], ['+5215500000000'], ['52 1 5512345678']])
    expect(rows.map(({ again }) => again)).toEqual([undefined, undefined, true])
  })

  test('keys are remembered in little room', () => {
    const keys = createKeySet()
    const all = Array.from({ length: 5_000 }, (_, at) => `phone:+52${at}`)
    expect(all.map(keys.add)).not.toContain(true)
    expect(all.map(keys.add)).not.toContain(false)
  })
})

describe('columns', () => {
  const map = (head: string[], mapping?: Record<string, string>) => {
    const found = mapColumns(head, { mapping, header: true, fields: ['city'] })
    return 'columns' in found ? found.columns.map(({ to }) => to).join(' ') : found
  }

  test.each<[string, string[], string]>([
    [
      'English',
      ['First Name', 'Last name', 'Mobile Phone', 'E-mail', 'City', 'x'],
      'name name phone email fields.city ignore',
    ],
    [
      'Spanish',
      ['Nombre', 'Apellidos', 'Teléfono', 'Correo electrónico', 'País'],
      'name name phone email country',
    ],
    [
      'Portuguese',
      ['Nome', 'Telefone', 'E-mail', 'Fuso horário', 'Etiquetas'],
      'name phone email timeZone tags',
    ],
    ['Italian', ['Cognome', 'Cellulare', 'Lingua', 'fields.city'], 'name phone language fields.city'],
  ])('are found by their names: %s', (_name, head, expected) => {
    expect(map(head)).toBe(expected)
  })

  test('are what the mapping says, by name or number, and nothing else', () => {
    expect(map(['A', 'B', 'phone'], { A: 'phone', '2': 'fields.city' })).toBe('phone fields.city ignore')
  })

  test.each<[string, string[], Record<string, string> | undefined, object]>([
    ['what is nothing', ['A'], { A: 'fax' }, { column: 'A' }],
    ['a field that is not there', ['A'], { A: 'fields.age' }, { column: 'A' }],
    ['a column that is not there', ['phone'], { tel: 'phone' }, { column: 'tel' }],
    ['two countries', ['phone', 'country', 'pais'], undefined, {}],
    ['nobody to be found', ['name', 'city'], undefined, {}],
    ['a thousand columns and more', Array.from({ length: 1_001 }, () => 'phone'), undefined, {}],
  ])('refuses %s', (_name, head, mapping, expected) => {
    expect(map(head, mapping)).toMatchObject({ error: expect.any(String), ...expected })
  })
})
