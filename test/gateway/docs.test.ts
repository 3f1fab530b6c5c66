import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Document, renderPage } from '../../gateway/docs/docs.ts'
import { html } from '../../gateway/docs/markup.ts'
import { type Running, run } from './daemon.ts'

let daemon: Running
let page: string
let document: Document

beforeAll(async () => {
  daemon = await run()
  page = (await daemon.call('GET', '/docs', { token: null })).text
  document = (await daemon.call('GET', '/openapi.json', { token: null })).body
})
afterAll(() => daemon.close())

test('/docs tells every route, its roles and its parameters, and how to call it', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const from = page.indexOf(`id="${operation.operationId}"`)
      expect(from, operation.operationId).toBeGreaterThan(0)
      const end = page.indexOf('<details class="route"', from)
      const route = page.slice(from, end === -1 ? undefined : end)
      expect(route).toContain(`<span class="method ${method}">`)
      expect(route).toContain(`<code>${path}</code>`)
      for (const role of operation['x-roles'] ?? []) expect(route).toContain(`>${role}<`)
      for (const { name } of operation.parameters ?? []) expect(route).toContain(`<code>${name}</code>`)
      for (const status of Object.keys(operation.responses)) expect(route).toContain(`<b>${status}</b>`)
      expect(route).toMatch(/<pre tabindex="0"><code>curl /)
    }
  }
  expect(page).toContain(`-d &#39;{\n  &quot;channel&quot;`)
})

test('it lives under a strict policy: no style and no script is written into the page', async () => {
  const answer = await daemon.call('GET', '/docs', { token: null })
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/)
  for (const [, file = ''] of page.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)) {
    const found = await daemon.call('GET', file, { token: null })
    expect([file, found.status]).toEqual([file, 200])
    expect(found.headers.get('content-type')).toMatch(
      file.endsWith('.css') ? /^text\/css/ : /^text\/javascript/,
    )
    expect(found.text).not.toMatch(/https?:\/\/|@import|url\(/)
  }
  for (const file of ['docs.ts', '..%2fhttp.ts', 'constructor']) {
    expect((await daemon.call('GET', `/docs/${file}`, { token: null })).status).toBe(404)
  }
})

test('every link within the page leads somewhere, and each name is given once', () => {
  const names = [...page.matchAll(/\sid="([^"]+)"/g)].map(match => match[1])
  expect(new Set(names).size).toBe(names.length)
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(names).toContain(target)
})

test('what a description says is text, whatever it looks like', () => {
  const name = `<img src=x onerror="alert('1')">`
  const operation = { operationId: 'x', summary: name, tags: ['a'], responses: {} }
  const shown = renderPage(
    {
      info: { title: name, version: '1' },
      tags: [{ name: 'a' }],
      paths: { '/x': { get: operation } },
    },
    'http://127.0.0.1',
  )
  expect(shown).not.toContain('<img')
  expect(html`<p>${name}</p>`.markup).toBe('<p>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;</p>')
})
