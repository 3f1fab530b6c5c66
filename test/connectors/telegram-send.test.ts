import { expect, test } from 'vitest'
import type { Outbound } from '../../connectors/connector.ts'
import { fetchMedia } from '../../connectors/telegram/call.ts'
import { act } from '../../connectors/telegram/send.ts'
import { storedFile } from './rig.ts'
import { ANA, failing, GROUP, personOf, started, TEXT, TOKEN } from './telegram-rig.ts'

type Content = Outbound['content']

const inline = (...rows: object[]) => ({ inline_keyboard: rows.map(row => [row]) })
const keys = (...rows: object[]) => ({
  keyboard: rows.map(row => [row]),
  resize_keyboard: true,
  one_time_keyboard: true,
})

/** PROVIDERS D3: the body of each, key by key. */
const BODIES: readonly [name: string, content: Content, method: string, body: object][] = [
  ['text', TEXT, 'sendMessage', { text: 'Hola', link_preview_options: { is_disabled: true } }],
  [
    'text with a preview',
    { type: 'text', text: 'https://a.example', preview: true },
    'sendMessage',
    { text: 'https://a.example', link_preview_options: { is_disabled: false } },
  ],
  [
    'a picture by its link',
    { type: 'image', media: { link: 'https://a.example/a.jpg' }, caption: 'El recibo' },
    'sendPhoto',
    { photo: 'https://a.example/a.jpg', caption: 'El recibo' },
  ],
  [
    'a voice note',
    { type: 'audio', media: { link: 'https://a.example/a.ogg', mimeType: 'audio/ogg; codecs=opus' } },
    'sendVoice',
    { voice: 'https://a.example/a.ogg' },
  ],
  [
    'a document that Telegram fetches',
    { type: 'document', media: { link: 'https://a.example/a.pdf', mimeType: 'application/pdf' } },
    'sendDocument',
    { document: 'https://a.example/a.pdf' },
  ],
  [
    'a document that it does not fetch goes as its link',
    {
      type: 'document',
      media: { link: 'https://a.example/a.csv', mimeType: 'text/csv' },
      caption: 'Precios',
    },
    'sendMessage',
    { text: 'Precios\nhttps://a.example/a.csv' },
  ],
  [
    'a place',
    { type: 'location', latitude: 1.5, longitude: -2.5 },
    'sendLocation',
    { latitude: 1.5, longitude: -2.5 },
  ],
  [
    'a place with a name',
    { type: 'location', latitude: 1.5, longitude: -2.5, name: 'Tienda' },
    'sendVenue',
    { latitude: 1.5, longitude: -2.5, title: 'Tienda', address: 'Tienda' },
  ],
  [
    'a contact',
    { type: 'contacts', contacts: [{ name: 'Ana', phones: [{ phone: '+5215512345678' }] }] },
    'sendContact',
    { phone_number: '+5215512345678', first_name: 'Ana' },
  ],
  [
    'contacts that do not fit into a card',
    {
      type: 'contacts',
      contacts: [
        { name: 'Ana', phones: [{ phone: '+1' }, { phone: '+2' }] },
        { name: 'B', phones: [], emails: [{ email: 'b@a.example' }] },
      ],
    },
    'sendMessage',
    { text: 'Ana\n+1\n+2\n\nB\nb@a.example' },
  ],
  [
    'buttons, with what stands above and below',
    {
      type: 'buttons',
      header: { text: 'Pedido 7' },
      text: '¿Confirma?',
      footer: 'Gracias',
      buttons: [
        { id: 'yes', title: 'Sí' },
        { url: 'https://a.example', title: 'Ver' },
      ],
    },
    'sendMessage',
    {
      text: 'Pedido 7\n\n¿Confirma?\n\nGracias',
      entities: [
        { type: 'bold', offset: 0, length: 8 },
        { type: 'italic', offset: 22, length: 7 },
      ],
      reply_markup: inline({ text: 'Sí', callback_data: 'yes' }, { text: 'Ver', url: 'https://a.example' }),
    },
  ],
  [
    'buttons below a picture',
    {
      type: 'buttons',
      header: { type: 'image', media: { link: 'https://a.example/a.jpg' } },
      text: 'Zapato',
      buttons: [{ id: 'buy', title: 'Comprar' }],
    },
    'sendPhoto',
    {
      photo: 'https://a.example/a.jpg',
      caption: 'Zapato',
      caption_entities: [],
      reply_markup: inline({ text: 'Comprar', callback_data: 'buy' }),
    },
  ],
  [
    'quick replies',
    {
      type: 'buttons',
      text: '¿Talla?',
      quick: true,
      buttons: [
        { id: 's', title: 'S' },
        { id: 'm', title: 'M' },
      ],
    },
    'sendMessage',
    { text: '¿Talla?', entities: [], reply_markup: keys({ text: 'S' }, { text: 'M' }) },
  ],
  [
    'a list, its descriptions in the text',
    {
      type: 'list',
      text: 'Elija',
      button: 'Ver',
      sections: [
        {
          title: 'Envío',
          rows: [
            { id: '1', title: 'Hoy', description: '$9' },
            { id: '2', title: 'Mañana' },
          ],
        },
      ],
    },
    'sendMessage',
    {
      text: 'Elija\n\nEnvío\nHoy – $9',
      entities: [],
      reply_markup: inline({ text: 'Hoy', callback_data: '1' }, { text: 'Mañana', callback_data: '2' }),
    },
  ],
  [
    'a question for the phone',
    { type: 'request', what: 'contact', text: '¿Su número?' },
    'sendMessage',
    { text: '¿Su número?', reply_markup: keys({ text: '📱', request_contact: true }) },
  ],
  [
    'a question for the place',
    { type: 'request', what: 'location', text: '¿Dónde?' },
    'sendMessage',
    { text: '¿Dónde?', reply_markup: keys({ text: '📍', request_location: true }) },
  ],
]

test.each(BODIES)('%s has exactly the body of PROVIDERS D3', async (_name, content, method, body) => {
  const rig = await started()
  const { providerIds } = await rig.send(content)
  expect(rig.last()).toEqual({ method, body })
  expect(providerIds).toEqual([`${ANA}:1`])
})

test('in a group a question is a text: there are no such keys', async () => {
  const rig = await started()
  await rig.send({ type: 'request', what: 'contact', text: '¿Su número?' }, { address: personOf(GROUP) })
  expect(rig.last().body).toEqual({ text: '¿Su número?' })
})

test('an answer quotes, and one to a message that is gone is sent all the same', async () => {
  const rig = await started()
  const providerId = rig.sim.inject({ from: ANA, text: '¿Precio?' })
  await rig.send(TEXT, { replyTo: providerId })
  expect(rig.last().body['reply_parameters']).toEqual({ message_id: 1, allow_sending_without_reply: true })
  await rig.send(TEXT, { replyTo: `${ANA}:4000` })
  await rig.send(TEXT, { replyTo: `${GROUP}:1` })
  expect(rig.last().body).not.toHaveProperty('reply_parameters')
})

test('a reaction is set on its message and taken back; our own name stands for its number', async () => {
  const rig = await started()
  const reactionTo = rig.sim.inject({ from: ANA, text: 'Gracias' })
  const reaction = { type: 'reaction', emoji: '👍' } as const
  expect(await rig.send(reaction, { reactionTo, reference: 'r.0.1' })).toEqual({
    providerIds: ['r.0.1'],
    raw: 'ok',
  })
  expect(rig.last().body).toEqual({ message_id: 1, reaction: [{ type: 'emoji', emoji: '👍' }] })
  await rig.send({ type: 'reaction', emoji: null }, { reactionTo })
  expect(rig.last().body['reaction']).toEqual([])
  expect(await failing(rig.send({ type: 'reaction', emoji: '🧷' }, { reactionTo }))).toEqual([
    'contentUnsupported',
    true,
  ])
})

test('a file is uploaded with the first message that has it; every later one names it', async () => {
  const rig = await started()
  const media = storedFile(Buffer.from('%PDF-1.7 ñ'), 'application/pdf', 'factura ñ.pdf')
  const document = { type: 'document', media, caption: 'Su "factura"' } as const
  await Promise.all([ANA, ANA + 1, ANA + 2].map(id => rig.send(document, { address: personOf(id) })))
  await rig.send({ type: 'document', media })
  expect(rig.sim.sent.map(({ body }) => typeof body['document'])).toEqual([
    'undefined',
    'string',
    'string',
    'string',
  ])
  expect(rig.sim.sent[0]?.body['caption']).toBe('Su "factura"')
})

test('who waited for an upload that was refused tries for itself', async () => {
  const rig = await started()
  rig.sim.change({ id: ANA, blocked: true })
  const media = storedFile(Buffer.from('jpg'), 'image/jpeg', 'a.jpg')
  const [refused, sent] = await Promise.allSettled(
    [ANA, ANA + 1].map(id => rig.send({ type: 'image', media }, { address: personOf(id) })),
  )
  expect(refused?.status).toBe('rejected')
  expect(sent?.status).toBe('fulfilled')
})

test('a file that Telegram knows no more is uploaded again', async () => {
  const rig = await started()
  const media = storedFile(Buffer.from('jpg'), 'image/jpeg', 'a.jpg')
  await rig.io.memo('sendPhoto:fil_a.jpg', 1000, async () => 'AgACforgotten')
  await rig.send({ type: 'image', media })
  expect(rig.sim.stats()).toMatchObject({ accepted: 1, refused: { 400: 1 } })
})

test('a group that became a supergroup gets the message under its new number', async () => {
  const rig = await started()
  rig.sim.inject({ from: ANA, group: -4321, title: 'Vecinos', text: 'Hola' })
  rig.sim.change({ id: -4321, movedTo: GROUP })
  const { providerIds } = await rig.send(TEXT, { address: personOf(-4321), replyTo: '-4321:1' })
  expect(providerIds).toEqual([`${GROUP}:1`])
})

test('typing is shown, and a tapped button is told that it arrived', async () => {
  const rig = await started()
  await rig.send({ type: 'buttons', text: '¿Sí?', buttons: [{ id: 'yes', title: 'Sí' }] })
  const payload = rig.sim.tap({ from: ANA, message: 1, button: 'Sí' })
  expect(rig.sim.unanswered()).toBe(1)
  const io = { ...rig.io, live: () => {} }
  await act({ kind: 'answer', address: personOf(ANA), payload }, rig.config, io)
  expect(rig.sim.unanswered()).toBe(0)
  await act({ kind: 'typing', on: true, address: personOf(ANA), providerId: null }, rig.config, io)
  await act({ kind: 'typing', on: false, address: personOf(ANA), providerId: null }, rig.config, io)
  await act({ kind: 'read', address: personOf(ANA), providerId: `${ANA}:1` }, rig.config, io)
})

test('a file is fetched by its id, and one that is too big or gone fails for good', async () => {
  const rig = await started()
  const bytes = Buffer.from('the bytes')
  const injected = rig.sim.inject({ from: ANA, media: { bytes, mimeType: 'application/pdf', name: 'a.pdf' } })
  expect(injected).toBe(`${ANA}:1`)
  const ref = await fileId(rig.sim, 'application/pdf')
  const { stream, size } = await fetchMedia({ ref, mimeType: 'application/pdf' }, rig.config, rig.io)
  expect(size).toBe(bytes.length)
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('the bytes')
  expect(await failing(fetchMedia({ ref: 'gone', mimeType: 'x/y' }, rig.config, rig.io))).toEqual([
    'mediaFailed',
    true,
  ])
})

/** What the newest file is called. */
async function fileId(sim: { url: string }, mimeType: string): Promise<string> {
  const answer = await fetch(`${sim.url}/bot${TOKEN}/getUpdates`)
  const { result } = (await answer.json()) as { result: { message: { document: Record<string, string> } }[] }
  const document = result.at(-1)?.message.document
  expect(document?.['mime_type']).toBe(mimeType)
  return document?.['file_id'] ?? ''
}
