import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Running, run } from './daemon.ts'

/** Filters, segments and timelines as a client of the API meets them. */
let daemon: Running
beforeAll(async () => {
  daemon = await run()
  for (const [name, phone, tags] of [
    ['Ana García', '+573001234567', ['VIP']],
    ['José Pérez', '+573017654321', []],
    ['Anabel Ruiz', '+5215512345678', ['VIP', 'Old']],
  ] as const) {
    await daemon.call('POST', '/v1/contacts', { body: { name, phone, tags } })
  }
})
afterAll(() => daemon.close())

type Page = { data: { name: string; type: string }[]; next: string | null; count: number; errors: object[] }
const get = async (path: string): Promise<Page> => (await daemon.call('GET', path)).body as Page
const post = async (path: string, body: object): Promise<Page> =>
  (await daemon.call('POST', path, { body })).body as Page
const namesOf = ({ data }: Page): string[] => data.map(({ name }) => name)
const VIP = { field: 'tags', op: 'has', value: 'vip' }

describe('contacts that are looked for', () => {
  test('by words, by a number, by a filter in the URL or in the body, and both', async () => {
    expect(namesOf(await get('/v1/contacts?q=an'))).toEqual(['Anabel Ruiz', 'Ana García'])
    expect(namesOf(await get('/v1/contacts?q=ana%20gar'))).toEqual(['Ana García'])
    expect(namesOf(await get('/v1/contacts?q=301%2076'))).toEqual(['José Pérez'])
    expect(namesOf(await get('/v1/contacts?q=%2B52155'))).toEqual(['Anabel Ruiz'])
    expect(namesOf(await get('/v1/contacts?q=%E2%98%85'))).toEqual([])
    const filter = encodeURIComponent(JSON.stringify({ not: VIP }))
    expect(namesOf(await get(`/v1/contacts?filter=${filter}`))).toEqual(['José Pérez'])
    expect(namesOf(await post('/v1/contacts/search', { filter: VIP, q: 'ruiz' }))).toEqual(['Anabel Ruiz'])
    expect(await post('/v1/contacts/count', { filter: VIP })).toEqual({ count: 2 })
  })

  test('in pages, by a cursor that no other list takes', async () => {
    const first = await post('/v1/contacts/search', { filter: { all: [] }, limit: 2 })
    const second = await post('/v1/contacts/search', { filter: { all: [] }, limit: 2, after: first.next })
    expect([...namesOf(first), ...namesOf(second)]).toEqual(['Anabel Ruiz', 'José Pérez', 'Ana García'])
    expect(second.next).toBeNull()
    const wrong = await daemon.call('POST', '/v1/contacts/search', { body: { after: 'x' } })
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ field: 'after' }] } })
  })

  test.each([
    [{ filter: { all: [VIP, { ...VIP, value: 'nobody' }] } }, 'filter.all[1].value'],
    [{ filter: { any: [{ field: 'fields.x', op: 'exists' }] } }, 'filter.any[0].field'],
    [{ filter: { not: { field: 'name', op: 'like', value: 'x' } } }, 'filter.not.op'],
  ])('a filter that is wrong is 400 and named: %j', async (body, field) => {
    const answer = await daemon.call('POST', '/v1/contacts/count', { body })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalidInput', errors: [{ field }] } })
  })

  test('a filter in the URL that is no JSON is 400', async () => {
    const answer = await daemon.call('GET', '/v1/contacts?filter=%7B')
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'filter', message: 'is not JSON' }] },
    })
  })
})

test('a segment is current, survives a new name of its tag, and says what is broken', async () => {
  const made = await daemon.call('POST', '/v1/segments', {
    body: { name: 'Old VIPs', filter: { all: [VIP, { ...VIP, value: 'Old' }] } },
  })
  expect(made).toMatchObject({
    status: 201,
    body: { broken: [], filter: { all: [{ value: 'VIP' }, { value: 'Old' }] } },
  })
  const { id } = made.body as { id: string }
  const again = { name: 'old vips', filter: VIP }
  expect(await daemon.call('POST', '/v1/segments', { body: again })).toMatchObject({ status: 409 })
  expect(namesOf(await get(`/v1/segments/${id}/contacts`))).toEqual(['Anabel Ruiz'])
  await daemon.call('POST', '/v1/contacts/phone:+573001234567/tags', { body: { tags: ['Old'] } })
  expect(await get(`/v1/segments/${id}/count`)).toEqual({ count: 2 })
  const tags = (await daemon.call('GET', '/v1/tags')).body as { data: { id: string; name: string }[] }
  const old = tags.data.find(({ name }) => name === 'Old')?.id
  await daemon.call('PATCH', `/v1/tags/${old}`, { body: { name: 'Former' } })
  expect((await daemon.call('GET', `/v1/segments/${id}`)).body).toMatchObject({
    filter: { all: [{}, { value: 'Former' }] },
  })
  await daemon.call('DELETE', `/v1/tags/${old}`)
  expect((await daemon.call('GET', `/v1/segments/${id}`)).body).toMatchObject({
    broken: [{ field: 'filter.all[1].value' }],
  })
  expect(await daemon.call('GET', `/v1/segments/${id}/count`)).toMatchObject({
    status: 409,
    body: { code: 'state' },
  })
  const mended = await daemon.call('PATCH', `/v1/segments/${id}`, { body: { filter: VIP } })
  expect(mended).toMatchObject({ status: 200, body: { name: 'Old VIPs', broken: [] } })
  expect(await get(`/v1/segments/${id}/count`)).toEqual({ count: 2 })
  expect(await daemon.call('DELETE', `/v1/segments/${id}`)).toMatchObject({ status: 204 })
  expect(await daemon.call('GET', `/v1/segments/${id}`)).toMatchObject({ status: 404 })
})

test('the timeline of a contact is found by its phone, in pages', async () => {
  const path = '/v1/contacts/phone:+573017654321'
  await daemon.call('PATCH', path, { body: { language: 'es' } })
  const first = await get(`${path}/timeline?limit=1`)
  const second = await get(`${path}/timeline?limit=1&after=${first.next}`)
  expect([...first.data, ...second.data].map(({ type }) => type)).toEqual([
    'contact.updated',
    'contact.created',
  ])
  expect(second.next).toBeNull()
  expect(await daemon.call('GET', `${path}/timeline?after=x`)).toMatchObject({ status: 400 })
  expect(await daemon.call('GET', '/v1/contacts/phone:+573990000000/timeline')).toMatchObject({ status: 404 })
})
