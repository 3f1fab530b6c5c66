import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Capabilities, Outbound } from '../../connectors/connector.ts'
import { send } from '../../connectors/whatsapp/send.ts'
import { whatsapp } from '../../connectors/whatsapp/whatsapp.ts'
import type { Content } from '../../model/content.ts'
import { fitContent } from '../../queue/fit.ts'
import { createRig, outbound, type Rig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await createRig({ behaviour: { receipts: false } })
})
afterAll(() => rig.close())

type Said = Outbound['content']

const can = (): Capabilities => (whatsapp.can as (config: unknown) => Capabilities)(rig.config)
const long = (length: number) => 'x'.repeat(length)
const photo = (size: number) => ({
  id: 'fil_1' as never,
  mimeType: 'image/png',
  size,
  sha256: 'ab'.repeat(32),
})

test.each<[string, Content, unknown]>([
  [
    "a flow's header that is too long joins its text",
    { type: 'flow', text: 'Book', header: { text: long(61) }, button: 'B', flow: { id: '1' } },
    { parts: [{ type: 'flow', text: `${long(61)}\n\nBook`, button: 'B', flow: { id: '1' } }] },
  ],
  [
    'what is too long for a request goes ahead',
    { type: 'request', what: 'location', text: `${long(1024)} Where?` },
    {
      parts: [
        { type: 'text', text: long(1024) },
        { type: 'request', what: 'location', text: 'Where?' },
      ],
    },
  ],
  [
    "a card's picture that is too large",
    {
      ...{ type: 'template', name: 't', language: 'es' },
      parameters: { cards: [{ header: { type: 'image', media: photo(6_000_000) } }, {}] },
    },
    { failure: { code: 'contentTooLarge' } },
  ],
])('fit for WhatsApp: %s', (_name, content, expected) => {
  expect(fitContent(content, can())).toEqual(expected)
})

test('whatever buttons and lists there are, what fit makes of them is taken; no choice is lost', async () => {
  const size = fc.constantFrom(1, 20, 21, 60, 61, 300, 1100)
  const word = (n: number, at: number) => `${at}${'y'.repeat(n)}`.slice(0, n)
  const choice = fc.record({ id: size, title: size, description: fc.option(size, { nil: undefined }) })
  const content = fc.record({
    kind: fc.constantFrom('buttons', 'list'),
    text: size,
    header: fc.option(size, { nil: undefined }),
    footer: fc.option(size, { nil: undefined }),
    items: fc.array(choice, { minLength: 1, maxLength: 12 }),
    url: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(content, async ({ kind, text, header, footer, items, url }) => {
      const choices = items.map((item, at) => ({ id: word(item.id, at), title: word(item.title, at) }))
      const around = { text: word(text, 0), ...(footer !== undefined && { footer: word(footer, 0) }) }
      const head = header === undefined ? undefined : word(header, 0)
      const said: Content =
        kind === 'list'
          ? {
              ...{ type: 'list', ...around, button: 'Choose' },
              ...(head !== undefined && { header: head }),
              sections: [{ rows: choices }],
            }
          : {
              ...{ type: 'buttons', ...around },
              ...(head !== undefined && { header: { text: head } }),
              buttons: url ? [{ url: 'https://x.mx', title: choices[0]?.title ?? '' }, ...choices] : choices,
            }
      const fitted = fitContent(said, can())
      if ('failure' in fitted) throw new Error(fitted.failure.code)
      for (const part of fitted.parts) await send(outbound(part as Said), rig.config, rig.io)
      const told = JSON.stringify(fitted.parts)
      for (const { title } of choices) expect(told).toContain(title)
    }),
    { numRuns: 60 },
  )
})
