import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Outbound } from '../../connectors/connector.ts'
import { send } from '../../connectors/whatsapp/send.ts'
import { type FailureCode, SendFailure } from '../../model/failure.ts'
import { createRig, outbound, type Rig, storedFile } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await createRig({ behaviour: { receipts: false } })
})
afterAll(() => rig.close())

type Said = Outbound['content']

/** The object under `interactive` that the provider took. */
async function taken(content: Said): Promise<unknown> {
  await send(outbound(content), rig.config, rig.io)
  const body = rig.sim.sent.at(-1)?.body
  expect(body?.['type']).toBe('interactive')
  return body?.['interactive']
}

const LINK = { link: 'https://example.com/a.pdf', name: 'a.pdf' }
const YES = { id: 'yes', title: 'Yes' }
const NO = { id: 'no', title: 'No' }

test.each<[string, Said, unknown]>([
  [
    'buttons',
    { type: 'buttons', text: 'Well?', buttons: [YES, NO] },
    {
      type: 'button',
      body: { text: 'Well?' },
      action: {
        buttons: [
          { type: 'reply', reply: YES },
          { type: 'reply', reply: NO },
        ],
      },
    },
  ],
  [
    'buttons under a text and above one',
    { type: 'buttons', text: 'Well?', header: { text: 'Order' }, footer: 'Acme', buttons: [YES] },
    {
      type: 'button',
      header: { type: 'text', text: 'Order' },
      body: { text: 'Well?' },
      footer: { text: 'Acme' },
      action: { buttons: [{ type: 'reply', reply: YES }] },
    },
  ],
  [
    'buttons under a document with its name',
    { type: 'buttons', text: 'Well?', header: { type: 'document', media: LINK }, buttons: [YES] },
    {
      type: 'button',
      header: { type: 'document', document: { link: LINK.link, filename: 'a.pdf' } },
      body: { text: 'Well?' },
      action: { buttons: [{ type: 'reply', reply: YES }] },
    },
  ],
  [
    'a button that opens a link',
    { type: 'buttons', text: 'Shop', buttons: [{ url: 'https://example.com', title: 'Open' }] },
    {
      type: 'cta_url',
      body: { text: 'Shop' },
      action: { name: 'cta_url', parameters: { display_text: 'Open', url: 'https://example.com' } },
    },
  ],
  [
    'a list',
    {
      type: 'list',
      text: 'Which?',
      header: 'Sizes',
      footer: 'Acme',
      button: 'Choose',
      sections: [
        { title: 'Small', rows: [{ id: 's', title: 'S', description: '44' }] },
        { title: 'Large', rows: [{ id: 'l', title: 'L' }] },
      ],
    },
    {
      type: 'list',
      header: { type: 'text', text: 'Sizes' },
      body: { text: 'Which?' },
      footer: { text: 'Acme' },
      action: {
        button: 'Choose',
        sections: [
          { title: 'Small', rows: [{ id: 's', title: 'S', description: '44' }] },
          { title: 'Large', rows: [{ id: 'l', title: 'L' }] },
        ],
      },
    },
  ],
  [
    'a list of one section without a title',
    { type: 'list', text: 'Which?', button: 'Choose', sections: [{ rows: [{ id: 's', title: 'S' }] }] },
    {
      type: 'list',
      body: { text: 'Which?' },
      action: { button: 'Choose', sections: [{ rows: [{ id: 's', title: 'S' }] }] },
    },
  ],
  [
    'a list of sections without titles, which are one',
    {
      ...{ type: 'list', text: 'Which?', button: 'Choose' },
      sections: [{ rows: [{ id: 's', title: 'S' }] }, { rows: [{ id: 'l', title: 'L' }] }],
    },
    {
      type: 'list',
      body: { text: 'Which?' },
      action: {
        button: 'Choose',
        sections: [
          {
            rows: [
              { id: 's', title: 'S' },
              { id: 'l', title: 'L' },
            ],
          },
        ],
      },
    },
  ],
  [
    'a request for where somebody is',
    { type: 'request', what: 'location', text: 'Where are you?' },
    {
      type: 'location_request_message',
      action: { name: 'send_location' },
      body: { text: 'Where are you?' },
    },
  ],
  [
    'a request for the number',
    { type: 'request', what: 'contact', text: 'Your number?' },
    {
      type: 'request_contact_info',
      action: { name: 'request_contact_info' },
      body: { text: 'Your number?' },
    },
  ],
  [
    'a flow that begins at a screen',
    {
      type: 'flow',
      text: 'Book',
      button: 'Begin',
      footer: 'Acme',
      flow: { id: '123', token: 't', screen: 'FIRST', data: { a: 1 } },
    },
    {
      type: 'flow',
      body: { text: 'Book' },
      footer: { text: 'Acme' },
      action: {
        name: 'flow',
        parameters: {
          flow_message_version: '3',
          flow_id: '123',
          flow_cta: 'Begin',
          flow_token: 't',
          flow_action: 'navigate',
          flow_action_payload: { screen: 'FIRST', data: { a: 1 } },
        },
      },
    },
  ],
  [
    'a draft of a flow by name, which asks where to begin',
    {
      type: 'flow',
      text: 'Book',
      button: 'Begin',
      header: { text: 'Appointment' },
      flow: { name: 'booking', action: 'exchange', draft: true },
    },
    {
      type: 'flow',
      header: { type: 'text', text: 'Appointment' },
      body: { text: 'Book' },
      action: {
        name: 'flow',
        parameters: {
          flow_message_version: '3',
          flow_name: 'booking',
          flow_cta: 'Begin',
          flow_action: 'data_exchange',
          mode: 'draft',
        },
      },
    },
  ],
])('%s has exactly the object of PROVIDERS A6', async (_name, content, expected) => {
  expect(await taken(content)).toEqual(expected)
})

test('a file above buttons is uploaded and named by its id', async () => {
  const media = storedFile(Buffer.from('a picture'), 'image/png')
  const header = { type: 'image', media } as const
  expect(await taken({ type: 'buttons', text: 'x', header, buttons: [YES] })).toMatchObject({
    header: { type: 'image', image: { id: expect.stringMatching(/^\d+/) } },
  })
})

const buttons = (more: object): Said => ({ type: 'buttons', text: 'x', buttons: [YES], ...more }) as Said
const list = (more: object): Said =>
  ({ type: 'list', text: 'x', button: 'B', sections: [{ rows: [YES] }], ...more }) as Said
const flow = (more: object): Said =>
  ({ type: 'flow', text: 'x', button: 'B', flow: { id: '1' }, ...more }) as Said
const long = (length: number) => 'x'.repeat(length)
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `${n}`, title: `${n}` }))

test.each<[string, Said, FailureCode, string]>([
  ['four buttons', buttons({ buttons: rows(4) }), 'contentTooLarge', 'content.buttons: 4, '],
  ['no button', buttons({ buttons: [] }), 'contentTooLarge', 'content.buttons: 0, '],
  [
    'a long title',
    buttons({ buttons: [YES, { id: 'a', title: long(21) }] }),
    'contentTooLarge',
    'content.buttons[1].title: 21 characters',
  ],
  [
    'a long id',
    buttons({ buttons: [{ id: long(257), title: 'A' }] }),
    'contentTooLarge',
    'buttons[0].id: 257',
  ],
  [
    'a title twice',
    buttons({ buttons: [YES, { ...NO, title: 'Yes' }] }),
    'contentUnsupported',
    'buttons[1].title',
  ],
  [
    'a link beside a button',
    buttons({ buttons: [YES, { url: 'https://x.mx', title: 'A' }] }),
    'contentUnsupported',
    'content.buttons[1]',
  ],
  [
    'two links',
    buttons({ buttons: [{ url: 'https://x.mx', title: 'A' }, YES] }),
    'contentUnsupported',
    'content.buttons[1]',
  ],
  ['a long body', buttons({ text: long(1025) }), 'contentTooLarge', 'content.text: 1025'],
  ['a long header', buttons({ header: { text: long(61) } }), 'contentTooLarge', 'content.header.text: 61'],
  ['a long footer', buttons({ footer: long(61) }), 'contentTooLarge', 'content.footer: 61'],
  ['eleven rows', list({ sections: [{ rows: rows(11) }] }), 'contentTooLarge', 'content.sections[].rows: 11'],
  ['a row twice', list({ sections: [{ rows: [YES, YES] }] }), 'contentUnsupported', 'rows[1].id'],
  [
    'a section without a title',
    list({ sections: [{ title: 'A', rows: [YES] }, { rows: [NO] }] }),
    'contentUnsupported',
    'content.sections[1].title: is missing',
  ],
  [
    'a long description',
    list({ sections: [{ rows: [{ ...YES, description: long(73) }] }] }),
    'contentTooLarge',
    'content.sections[0].rows[0].description: 73',
  ],
  ['a long word on a list', list({ button: long(21) }), 'contentTooLarge', 'content.button: 21'],
  ['a list with a long text', list({ text: long(4097) }), 'contentTooLarge', 'content.text: 4097'],
  ['a long word on a flow', flow({ button: long(31) }), 'contentTooLarge', 'content.button: 31'],
  ['data for no screen', flow({ flow: { id: '1', data: {} } }), 'contentUnsupported', 'content.flow.screen'],
  [
    'a long request',
    { type: 'request', what: 'location', text: long(1025) },
    'contentTooLarge',
    'content.text: 1025 characters, of which WhatsApp takes 1024',
  ],
])('%s is refused before any request, naming the field', async (_name, content, code, detail) => {
  const before = rig.sim.stats().requests
  const failure = await send(outbound(content), rig.config, rig.io).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SendFailure)
  expect((failure as SendFailure).failure).toMatchObject({ code, detail: expect.stringContaining(detail) })
  expect(rig.sim.stats().requests).toBe(before)
})
