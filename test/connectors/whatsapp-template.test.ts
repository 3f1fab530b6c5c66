import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Outbound } from '../../connectors/connector.ts'
import { send } from '../../connectors/whatsapp/send.ts'
import type { SimTemplate } from '../../connectors/whatsapp/sim-template.ts'
import type { Template } from '../../model/content.ts'
import type { SendFailure } from '../../model/failure.ts'
import { createRig, outbound, type Rig, storedFile } from './rig.ts'
import { refusedWith, started } from './simulated.ts'

let rig: Rig
beforeAll(async () => {
  rig = await createRig({ behaviour: { receipts: false } })
})
afterAll(() => rig.close())

type Parameters = NonNullable<Extract<Outbound['content'], { type: 'template' }>['parameters']>

const template = (parameters: Parameters, name = 't'): Outbound['content'] => ({
  ...{ type: 'template', name, language: 'es' },
  parameters,
})

const IMAGE = { type: 'image', media: { link: 'https://example.com/a.jpg' } } as const
const PLACE = { latitude: 19.4, longitude: -99.1, name: 'Zócalo', address: 'Centro' }
const header = (parameter: object) => ({ type: 'header', parameters: [parameter] })
const body = (...parameters: object[]) => ({ type: 'body', parameters })
const button = (sub_type: string, index: string, parameter: object) => ({
  ...{ type: 'button', sub_type, index },
  parameters: [parameter],
})

test.each<[string, Parameters, object[]]>([
  ['a text header', { header: { '1': 'Ana' } }, [header({ type: 'text', text: 'Ana' })]],
  [
    'values by position, in the order of the numbers',
    { body: { '3': 'c', '2': 'b', '1': 'a' } },
    [body({ type: 'text', text: 'a' }, { type: 'text', text: 'b' }, { type: 'text', text: 'c' })],
  ],
  [
    'a document with its name, and values by name',
    { header: { type: 'document', media: { link: 'https://x.mx/a', name: 'a.pdf' } }, body: { who: 'Ana' } },
    [
      header({ type: 'document', document: { link: 'https://x.mx/a', filename: 'a.pdf' } }),
      body({ type: 'text', parameter_name: 'who', text: 'Ana' }),
    ],
  ],
  [
    'a named text header',
    { header: { who: 'Ana' } },
    [header({ type: 'text', parameter_name: 'who', text: 'Ana' })],
  ],
  [
    'a header with a file',
    { header: IMAGE },
    [header({ type: 'image', image: { link: 'https://example.com/a.jpg' } })],
  ],
  ['a header with a place', { header: { location: PLACE } }, [header({ type: 'location', location: PLACE })]],
  [
    'a variable that is called like a header',
    { header: { location: 'Centro' } },
    [header({ type: 'text', parameter_name: 'location', text: 'Centro' })],
  ],
  [
    'money and a day by position',
    { body: { '1': { currency: 'MXN', amount: '19.9', text: '$19.90' }, '2': { dateTime: 'May 2' } } },
    [
      body(
        { type: 'currency', currency: { fallback_value: '$19.90', code: 'MXN', amount_1000: 19_900 } },
        { type: 'date_time', date_time: { fallback_value: 'May 2' } },
      ),
    ],
  ],
  [
    'money by name, to the thousandth',
    { body: { total: { currency: 'TND', amount: '-0.005', text: '-0.005 DT' } } },
    [
      body({
        type: 'currency',
        parameter_name: 'total',
        currency: { fallback_value: '-0.005 DT', code: 'TND', amount_1000: -5 },
      }),
    ],
  ],
  [
    'every kind of button',
    {
      buttons: [
        { index: 0, payload: 'OK' },
        { index: 1, text: 'a-7' },
        { index: 2, code: '25OFF' },
        { index: 3, flow: { token: 't', data: { a: 1 } } },
        { index: 4, flow: {} },
      ],
    },
    [
      button('quick_reply', '0', { type: 'payload', payload: 'OK' }),
      button('url', '1', { type: 'text', text: 'a-7' }),
      button('copy_code', '2', { type: 'coupon_code', coupon_code: '25OFF' }),
      button('flow', '3', { type: 'action', action: { flow_token: 't', flow_action_data: { a: 1 } } }),
      button('flow', '4', { type: 'action', action: {} }),
    ],
  ],
  [
    'a code to prove who somebody is, in the body and on the button',
    { body: { '1': '123456' }, buttons: [{ index: 0, otp: '123456' }] },
    [body({ type: 'text', text: '123456' }), button('url', '0', { type: 'text', text: '123456' })],
  ],
  [
    'an offer that ends',
    { offer: { expiresAt: '2026-01-01T00:00:00Z' }, body: { '1': 'a' }, buttons: [{ index: 0, code: 'C' }] },
    [
      {
        type: 'limited_time_offer',
        parameters: [
          { type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: 1_767_225_600_000 } },
        ],
      },
      body({ type: 'text', text: 'a' }),
      button('copy_code', '0', { type: 'coupon_code', coupon_code: 'C' }),
    ],
  ],
  [
    'a carousel',
    {
      body: { '1': 'Ana' },
      cards: [
        { header: IMAGE, body: { '1': 'Shoes' }, buttons: [{ index: 0, payload: 'shoes' }] },
        { header: { product: { catalogId: '7', productId: 'sku-1' } } },
      ],
    },
    [
      body({ type: 'text', text: 'Ana' }),
      {
        type: 'carousel',
        cards: [
          {
            card_index: 0,
            components: [
              header({ type: 'image', image: { link: 'https://example.com/a.jpg' } }),
              body({ type: 'text', text: 'Shoes' }),
              button('quick_reply', '0', { type: 'payload', payload: 'shoes' }),
            ],
          },
          {
            card_index: 1,
            components: [
              header({ type: 'product', product: { product_retailer_id: 'sku-1', catalog_id: '7' } }),
            ],
          },
        ],
      },
    ],
  ],
])('%s has exactly the components of PROVIDERS A7', async (_name, parameters, components) => {
  await send(outbound(template(parameters)), rig.config, rig.io)
  expect(rig.sim.sent.at(-1)?.body['template']).toEqual({ name: 't', language: { code: 'es' }, components })
})

test.each<[string, Parameters, string]>([
  ['mixed names', { body: { '1': 'a', who: 'b' } }, 'parameters.body: some values are by position'],
  ['a position left out', { body: { '1': 'a', '3': 'c' } }, 'parameters.body.2: is missing'],
  ['nothing', { body: { '1': '' } }, 'parameters.body.1: is empty'],
  ['a line break', { body: { who: 'a\nb' } }, 'parameters.body.who: has a line break'],
  ['five spaces', { body: { who: 'a     b' } }, 'parameters.body.who: has more than four spaces'],
  ['a long header', { header: { '1': 'x'.repeat(61) } }, 'parameters.header.1: 61 characters'],
  ['a long value', { body: { '1': 'x'.repeat(1025) } }, 'parameters.body.1: 1025 characters'],
  [
    'a long end of a link',
    { buttons: [{ index: 0, text: 'x'.repeat(2001) }] },
    'parameters.buttons[0].text: 2001',
  ],
  ['a long code', { buttons: [{ index: 0, code: 'x'.repeat(16) }] }, 'parameters.buttons[0].code: 16'],
  ['a long one-time code', { buttons: [{ index: 0, otp: '1'.repeat(16) }] }, 'parameters.buttons[0].otp: 16'],
  [
    'a button twice',
    {
      buttons: [
        { index: 0, payload: 'a' },
        { index: 0, payload: 'b' },
      ],
    },
    'parameters.buttons[1].index',
  ],
  ['one card', { cards: [{ header: IMAGE }] }, 'parameters.cards: 1, where WhatsApp takes 2 to 10'],
  [
    'a wrong card, before a file of another is uploaded',
    {
      cards: [
        { header: { type: 'image', media: storedFile(Buffer.from('x'), 'image/png') } },
        { body: { '1': 'a\tb' } },
      ],
    },
    'parameters.cards[1].body.1: has a line break or a tab',
  ],
  ['no time', { offer: { expiresAt: 'soon' } }, 'parameters.offer.expiresAt: is not a time'],
  [
    'money with four places',
    { body: { '1': { currency: 'MXN', amount: '1.2345', text: 'x' } } },
    'parameters.body.1.amount: is not a decimal number',
  ],
])('%s is refused before any request, naming the field', async (_name, parameters, detail) => {
  const before = rig.sim.stats().requests
  const sent = send(outbound(template(parameters)), rig.config, rig.io)
  const failure = await sent.catch((error: unknown) => error)
  expect((failure as SendFailure).failure).toEqual({
    code: 'templateParameters',
    detail: expect.stringContaining(`content.${detail}`),
  })
  expect(rig.sim.stats().requests).toBe(before)
})

const known = (name: string, components: object[], more: Partial<SimTemplate> = {}): SimTemplate => ({
  ...{ name, language: 'es', category: 'utility', ...more },
  components: components as Record<string, unknown>[],
})

test.each<[string, Template<never>['parameters'] | undefined, string, string | undefined]>([
  ['too few values', { body: { '1': 'a' } }, 'two', '132000'],
  ['all values', { body: { '1': 'a', '2': 'b' } }, 'two', undefined],
  ['positions for names', { body: { '1': 'a' } }, 'named', '132012'],
  ['the name', { body: { who: 'a' } }, 'named', undefined],
  ['text where a picture belongs', { header: { '1': 'a' } }, 'picture', '132012'],
  ['no picture', undefined, 'picture', '132012'],
  ['a button that is not there', { buttons: [{ index: 2, payload: 'a' }] }, 'button', '132018'],
  ['one that is', { buttons: [{ index: 0, payload: 'a' }] }, 'button', undefined],
  ['a paused template', undefined, 'paused', '132015'],
  ['a disabled one', undefined, 'disabled', '132016'],
  ['one that waits for approval', undefined, 'pending', '132001'],
])('Meta compares with the template: %s', async (_name, parameters, name, code) => {
  const rig = await started({
    behaviour: { receipts: false },
    templates: [
      known('two', [{ type: 'BODY', text: '{{1}} and {{2}}' }]),
      known('named', [{ type: 'BODY', text: 'Hola {{who}}' }]),
      known('picture', [{ type: 'HEADER', format: 'IMAGE' }]),
      known('button', [{ type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'OK' }] }]),
      known('paused', [], { status: 'PAUSED' }),
      known('disabled', [], { status: 'DISABLED' }),
      known('pending', [], { status: 'PENDING' }),
    ],
  })
  expect(await refusedWith(send(outbound(template(parameters ?? {}, name)), rig.config, rig.io))).toBe(code)
})
