import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Contact } from '../../model/contact.ts'
import type { Import } from '../../model/import.ts'
import { type Answer, problem, type Running, run } from './daemon.ts'

let daemon: Running

beforeAll(async () => {
  daemon = await run({ parts: ['gateway', 'router', 'queue'] })
  const fields = [
    { key: 'city', title: 'City', type: 'text' },
    { key: 'points', title: 'Points', type: 'number' },
  ]
  for (const body of fields) await daemon.call('POST', '/v1/fields', { body })
})
afterAll(() => daemon.close())

type Options = { query?: string; type?: string } & Record<string, unknown>

function send(
  body: string | Buffer,
  { query = '', type = 'text/csv', ...options }: Options = {},
): Promise<Answer> {
  const told =
    Object.keys(options).length === 0 ? '' : `options=${encodeURIComponent(JSON.stringify(options))}`
  const path = `/v1/contacts/import?${[told, query].filter(part => part !== '').join('&')}`
  return daemon.call('POST', path, { body, headers: { 'content-type': type } })
}

async function ended(answer: Answer): Promise<Import> {
  if (answer.status >= 300) throw new Error(answer.text)
  const { id } = answer.body as Import
  const read = async (): Promise<Import> =>
    (await daemon.call('GET', `/v1/contacts/imports/${id}`)).body as Import
  await expect.poll(async () => (await read()).endedAt, { timeout: 10_000, interval: 10 }).not.toBeNull()
  return await read()
}

const person = async (name: string): Promise<Contact> =>
  (await daemon.call('GET', `/v1/contacts/${name}`)).body as Contact

describe('POST /v1/contacts/import', () => {
  test('a body of text/csv: people are made, found again and changed', async () => {
    const first =
      'Nombre;Teléfono;Correo;City;Etiquetas\r\nAna;+52 55 1111 2222;ana@example.com;Puebla;vip\r\n'
    const answer = await send(Buffer.from(first, 'latin1'), { query: 'name=people.csv' })
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ name: 'people.csv', encoding: 'windows-1252', separator: ';' })
    expect(answer.headers.get('location')).toBe(`/v1/contacts/imports/${(answer.body as Import).id}`)
    const done = await ended(answer)
    expect(done).toMatchObject({ state: 'finished', progress: 1, rows: { read: 1, created: 1 } })
    await ended(await send('email,name,fields.points\nana@example.com,Ana María,7\n'))
    expect(await person('phone:+525511112222')).toMatchObject({
      ...{ name: 'Ana María', tags: ['vip'], country: 'MX', fields: { city: 'Puebla', points: 7 } },
    })
  })

  test('a form, with its options before the file', async () => {
    const form = new FormData()
    const columns = { A: 'phone', B: 'name' }
    const defaults = { country: 'MX', tags: ['lista'] }
    form.append('options', JSON.stringify({ columns, defaults }))
    form.append('file', new Blob(['A,B\n55 2222 3333,Luis\n'], { type: 'text/csv' }), 'a.csv')
    const answer = await daemon.call('POST', '/v1/contacts/import', { body: form })
    expect((await ended(answer)).rows).toMatchObject({ created: 1 })
    expect(await person('phone:+525522223333')).toMatchObject({ name: 'Luis', tags: ['lista'] })
    const late = new FormData()
    late.append('file', new Blob(['phone\n+525522223334\n'], { type: 'text/csv' }), 'a.csv')
    late.append('options', '{"dryRun":true}')
    const refused = await daemon.call('POST', '/v1/contacts/import', { body: late })
    expect(problem(refused)).toMatchObject({
      errors: [{ field: 'options', message: 'must come before the file' }],
    })
    expect((await daemon.call('GET', '/v1/contacts/phone:+525522223334')).status).toBe(404)
  })

  test('bad rows are reported with line and reason, to be corrected and imported again; good ones go', async () => {
    const rows = [
      'phone,name,points',
      "'+525533334444,=1+1,5",
      '12,Bad,',
      '"+525533335555',
      '+525533336666,Eva,many',
    ]
    const done = await ended(await send(`${rows.join('\n')}\n`))
    expect(done.rows).toMatchObject({ read: 4, created: 1, rejected: 3 })
    expect(done.errors.map(({ line, code, column }) => `${line} ${code} ${column}`)).toEqual([
      '3 phone phone',
      '4 openQuote null',
      '5 field points',
    ])
    const path = `/v1/contacts/imports/${done.id}/rejects`
    const report = await daemon.call('GET', path)
    expect(report.headers.get('content-type')).toContain('text/csv')
    const lines = report.text.trim().split('\n')
    expect(lines[0]).toBe('line,code,column,detail,raw,phone,name,points')
    expect(lines.slice(1).map(line => line.split(',').slice(0, 3).join())).toEqual([
      '3,phone,phone',
      '4,openQuote,',
      '5,field,points',
    ])
    expect(lines[3]).toMatch(/,'\+525533336666,Eva,many$/)
    const again = await ended(
      await send(report.text.replace(',many', ',3').replace(',12,', ",'+525533337777,")),
    )
    expect(again.rows).toMatchObject({ created: 2, rejected: 1 })
    expect(await person('phone:+525533334444')).toMatchObject({ name: '=1+1' })
  })

  test('the same file again is the first import; with another mind it is another one', async () => {
    const file = 'phone\n+525544445555\n'
    const first = await ended(await send(file))
    const same = await send(file)
    expect(same).toMatchObject({ status: 200, body: { id: first.id, state: 'finished' } })
    const again = await ended(await send(file, { again: true }))
    expect(again).toMatchObject({ rows: { unchanged: 1 } })
    expect(again.id).not.toBe(first.id)
    const list = (await daemon.call('GET', '/v1/contacts/imports?limit=1')).body as { data: Import[] }
    expect(list.data.map(({ id }) => id)).toEqual([again.id])
  })

  test('a dry run touches nobody', async () => {
    const done = await ended(await send('phone,tags\n+525555556666,x\n', { dryRun: true }))
    expect(done).toMatchObject({ dryRun: true, rows: { created: 1 } })
    expect((await daemon.call('GET', '/v1/contacts/phone:+525555556666')).status).toBe(404)
  })

  test('the log tells of every person and of the end', async () => {
    const { body } = await daemon.call('GET', '/v1/events?limit=1000')
    const events = (body as { data: { type: string; data: { state?: string; source?: string } }[] }).data
    const made = events.filter(({ type, data }) => type === 'contact.created' && data.source === 'import')
    expect(made.length).toBeGreaterThan(3)
    const told = events.filter(({ type }) => type === 'contact.import').map(({ data }) => data.state)
    expect(told.slice(0, 2)).toEqual(['waiting', 'finished'])
  })

  test.each<[string, string | Buffer, Options, number, object]>([
    ['an empty file', '', {}, 400, { errors: [{ field: 'file', message: 'has no rows' }] }],
    ['nobody to be found', 'a,b\n1,2\n', {}, 400, { errors: [{ field: 'options.columns' }] }],
    [
      'a column that is not there',
      'a\n1\n',
      { columns: { x: 'phone' } },
      400,
      { errors: [{ field: 'options.columns.x' }] },
    ],
    [
      'an option that nobody knows',
      'phone\n',
      { colums: {} },
      400,
      { errors: [{ field: 'options.colums' }] },
    ],
    ['a country that is none', 'phone\n', { defaults: { country: 'XX' } }, 400, {}],
    ['options that are no JSON', 'phone\n', { query: 'options={' }, 400, {}],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004xl'), {}, 415, { code: 'unsupportedMediaType' }],
    ['JSON', '{}', { type: 'application/json' }, 415, {}],
    ['an image', 'x', { type: 'image/png' }, 415, {}],
  ])('%s is refused at once', async (_name, body, options, status, expected) => {
    const answer = await send(body, options)
    expect(answer.status).toBe(status)
    expect(problem(answer)).toMatchObject(expected)
  })

  test('what has ended cannot be cancelled; a person who is none is 404', async () => {
    const [done] = ((await daemon.call('GET', '/v1/contacts/imports')).body as { data: Import[] }).data
    const answer = await daemon.call('POST', `/v1/contacts/imports/${done?.id}/cancel`)
    expect(problem(answer)).toMatchObject({ code: 'state' })
    expect((await daemon.call('GET', '/v1/contacts/imports/imp_x')).status).toBe(404)
    expect((await daemon.call('GET', '/v1/contacts/import')).status).toBe(404)
  })
})

test('export and import is the identity, and nothing in it runs in a spreadsheet', async () => {
  const people = [
    { name: '=cmd()', phone: '+573001234567', email: 'formula@example.com', fields: { city: "'-1\r\n2" } },
    { name: 'D\'Artagnan, "Charles"', addresses: [{ kind: 'telegram', value: '7;8\\9' }] },
    { name: '@all', phone: '+573001234568', tags: ['a;b', 'c\\', 'vip'], language: 'es', country: 'CO' },
    { fields: { points: -1.5 } },
  ]
  for (const body of people) {
    expect((await daemon.call('POST', '/v1/contacts', { body })).status).toBe(201)
  }
  const list = async (): Promise<Contact[]> =>
    ((await daemon.call('GET', '/v1/contacts?limit=200')).body as { data: Contact[] }).data
  const before = await list()
  const { text, headers } = await daemon.call('GET', '/v1/contacts/export.csv')
  expect(headers.get('content-disposition')).toBe('attachment; filename="contacts.csv"')
  expect(text.split('\n')[0]).toBe(
    'id,name,phone,email,addresses,language,country,timeZone,tags,fields.city,fields.points',
  )
  expect(text.replace(/"[^"]*"/g, '""')).not.toMatch(/(^|,)[=+\-@\t]/m)
  const done = await ended(await send(text))
  expect(done).toMatchObject({ errors: [], rows: { read: before.length, unchanged: before.length } })
  expect(await list()).toEqual(before)
  const plain = (await daemon.call('GET', '/v1/contacts/export.csv?plain=true')).text
  expect(plain).toContain(',+573001234567,')
})

test('an import that was stopped goes on, and one that was cancelled keeps what it did', async () => {
  const rows = Array.from({ length: 15_000 }, (_, at) => `+5255${70_000_000 + at}`)
  const { body } = await send(`phone\n${rows.join('\n')}\n`)
  const path = `/v1/contacts/imports/${(body as Import).id}`
  const read = async (): Promise<Import> => (await daemon.call('GET', path)).body as Import
  await expect.poll(async () => (await read()).rows.read, { interval: 5, timeout: 10_000 }).toBeGreaterThan(0)
  await daemon.stop()
  const { dataDir } = daemon
  daemon = await run({ parts: ['gateway', 'router', 'queue'], dataDir })
  const stopped = await read()
  expect(stopped.rows.read).toBeLessThan(rows.length)
  const cancelled = await daemon.call('POST', `${path}/cancel`)
  expect(cancelled.body).toMatchObject({ state: 'cancelled', rows: { created: expect.any(Number) } })
  const rest = await ended(await send(`phone\n${rows.join('\n')}\n`))
  const { created } = (await read()).rows
  expect(rest.rows).toMatchObject({ read: rows.length, created: rows.length - created, unchanged: created })
})
