import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Capabilities } from '../../connectors/connector.ts'
import type { Content } from '../../model/content.ts'
import { fitContent } from '../../queue/fit.ts'
import { lengthOf, splitText } from '../../queue/split.ts'
import { choices, file, menu, PLAIN, RICH, text } from './carrying.ts'

const TABLE: [why: string, Content, Capabilities, unknown][] = [
  [
    'short text stays as it is',
    { type: 'text', text: 'Hola', preview: true },
    PLAIN,
    { parts: [{ type: 'text', text: 'Hola', preview: true }] },
  ],
  [
    'buttons become numbered lines',
    choices,
    PLAIN,
    menu(
      'button',
      [
        ['a', 'A'],
        [null, 'B'],
      ],
      'Which?\n\n1. A\n2. B: https://example.com\n\nThanks',
    ),
  ],
  ['buttons the channel carries stay', choices, RICH, { parts: [choices] }],
  [
    'too many buttons become numbered lines',
    { type: 'buttons', text: 'Which?', buttons: ['A', 'B', 'C', 'D'].map(title => ({ id: title, title })) },
    RICH,
    menu(
      'button',
      [...'ABCD'].map(title => [title, title]),
      'Which?\n\n1. A\n2. B\n3. C\n4. D',
    ),
  ],
  [
    'rows are numbered through all sections',
    {
      type: 'list',
      text: 'Menu',
      button: 'Open',
      sections: [
        { title: 'Food', rows: [{ id: '1', title: 'Soup', description: 'hot' }] },
        { rows: [{ id: '2', title: 'Tea' }] },
      ],
    },
    PLAIN,
    menu(
      'list',
      [
        ['1', 'Soup'],
        ['2', 'Tea'],
      ],
      'Menu\n\nFood\n1. Soup – hot\n\n2. Tea',
    ),
  ],
  [
    'a place becomes a link to a map',
    { type: 'location', latitude: 19.43, longitude: -99.13, name: 'Zócalo' },
    PLAIN,
    text('Zócalo\nhttps://www.google.com/maps/search/?api=1&query=19.43,-99.13'),
  ],
  [
    'a contact card becomes lines',
    {
      type: 'contacts',
      contacts: [
        { name: 'Ana', organization: 'Acme', phones: [{ phone: '+521' }], emails: [{ email: 'a@b.c' }] },
      ],
    },
    PLAIN,
    text('Ana\nAcme\n+521\na@b.c'),
  ],
  [
    'a picture of a kind the channel does not show goes as a document',
    { type: 'image', media: file('image/gif'), caption: 'Look' },
    RICH,
    { parts: [{ type: 'document', media: file('image/gif'), caption: 'Look' }] },
  ],
  [
    'a caption where none is allowed follows as text',
    { type: 'audio', media: file('audio/ogg; codecs=opus'), voice: true, caption: 'Listen' },
    RICH,
    {
      parts: [
        { type: 'audio', media: file('audio/ogg; codecs=opus'), voice: true },
        { type: 'text', text: 'Listen' },
      ],
    },
  ],
  [
    'media by link become the link where media are not carried',
    { type: 'video', media: { link: 'https://example.com/v.mp4' }, caption: 'Watch' },
    PLAIN,
    text('Watch\nhttps://example.com/v.mp4'),
  ],
  [
    'media of ours have no public link',
    { type: 'video', media: file('video/mp4') },
    PLAIN,
    { failure: { code: 'contentUnsupported' } },
  ],
  [
    'too large',
    { type: 'image', media: file('image/png', 6_000_000) },
    RICH,
    { failure: { code: 'contentTooLarge' } },
  ],
  [
    'a template is not text',
    { type: 'template', name: 't', language: 'es' },
    PLAIN,
    { failure: { code: 'contentUnsupported' } },
  ],
  [
    'a reaction is not text',
    { type: 'reaction', emoji: '👍' },
    PLAIN,
    { failure: { code: 'contentUnsupported' } },
  ],
  [
    'a picture above buttons goes ahead where buttons are not carried',
    {
      type: 'buttons',
      text: 'Which?',
      header: { type: 'image', media: { link: 'https://example.com/i.png' } },
      buttons: [{ id: 'a', title: 'A' }],
    },
    PLAIN,
    menu('button', [['a', 'A']], 'https://example.com/i.png', 'Which?\n\n1. A'),
  ],
]

test.each(TABLE)('%s', (_why, content, can, expected) => {
  expect(fitContent(content, can)).toEqual(expected)
})

test('a file of ours goes as a link that is good for days, where the channel takes no files', () => {
  const link = 'https://omnibus.example/files/fil_1'
  const video: Content = { type: 'video', media: file('video/mp4'), caption: 'Watch' }
  expect(fitContent(video, PLAIN, () => link)).toEqual(text(`Watch\n${link}`))
})

test('long text is cut at the best boundary near the limit', () => {
  const limit = { max: 40, unit: 'characters' } as const
  expect(splitText('First paragraph is here.\n\nSecond one follows it at once.', limit)).toEqual([
    'First paragraph is here.',
    'Second one follows it at once.',
  ])
  expect(splitText('One sentence of some length. Another sentence.', limit)).toEqual([
    'One sentence of some length.',
    'Another sentence.',
  ])
  expect(splitText('words without any stop that go on and on and on', limit)).toEqual([
    'words without any stop that go on and on',
    'and on',
  ])
})

test('a family emoji is not torn apart', () => {
  const family = '👨‍👩‍👧‍👦'
  const pieces = splitText(family.repeat(5), { max: 30, unit: 'characters' })
  expect(pieces).toEqual([family.repeat(2), family.repeat(2), family])
})

const someText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(
      fc.constantFrom('hola ', 'mundo.', ' \n\n', '\n', '🎉', 'é', '👩‍🚀', 'x'.repeat(30), '。', '\r\n'),
      { maxLength: 200 },
    )
    .map(words => words.join('')),
)
const limits = fc.record({
  max: fc.integer({ min: 4, max: 200 }),
  unit: fc.constantFrom('characters' as const, 'bytes' as const),
})
const solid = (value: string) => value.replace(/\s/g, '')

test('every piece is within the limit and no text is lost', () => {
  fc.assert(
    fc.property(someText, limits, (value, limit) => {
      const pieces = splitText(value, limit)
      for (const piece of pieces) expect(lengthOf(piece, limit.unit)).toBeLessThanOrEqual(limit.max)
      expect(solid(pieces.join(''))).toBe(solid(value))
      expect(splitText(value, limit)).toEqual(pieces)
      if (value.isWellFormed()) for (const piece of pieces) expect(piece.isWellFormed()).toBe(true)
    }),
  )
})

test('fitted parts are within what the channel carries, whatever the content', () => {
  const titled = fc.string({ minLength: 1, maxLength: 30 })
  const content = fc.oneof(
    someText.map((value): Content => ({ type: 'text', text: value })),
    fc.record({ text: someText, titles: fc.array(titled, { minLength: 1, maxLength: 5 }) }).map(
      ({ text: value, titles }): Content => ({
        type: 'buttons',
        text: value,
        buttons: titles.map(title => ({ id: title, title })),
      }),
    ),
    fc
      .record({
        caption: someText,
        type: fc.constantFrom('image' as const, 'audio' as const, 'sticker' as const),
      })
      .map(({ caption, type }): Content => ({ type, media: file('image/png'), caption })),
  )
  const small: Capabilities = {
    ...RICH,
    text: { max: 60, unit: 'characters' },
    captionMax: 30,
    buttons: { max: 3, titleMax: 20, textMax: 40 },
  }
  fc.assert(
    fc.property(content, one => {
      const fitted = fitContent(one, small)
      if ('failure' in fitted) throw new Error(fitted.failure.code)
      expect(fitted.parts.length).toBeGreaterThan(0)
      for (const part of fitted.parts) {
        if (part.type === 'text') expect(part.text.length).toBeLessThanOrEqual(60)
        else if (part.type === 'buttons') {
          expect(part.text.length).toBeLessThanOrEqual(40)
          expect(part.buttons.length).toBeLessThanOrEqual(3)
        } else if (part.type === 'image' || part.type === 'document')
          expect((part.caption ?? '').length).toBeLessThanOrEqual(30)
        else expect(part).toMatchObject({ type: 'audio' })
      }
    }),
  )
})

test('keys that are answered by their title are remembered, like numbered text', () => {
  const typed: Capabilities = { ...RICH, quick: { max: 3, titleMax: 20, textMax: 60, typed: true } }
  const quick: Content = {
    type: 'buttons',
    text: 'Size?',
    quick: true,
    buttons: [{ id: 's', title: 'Small' }],
  }
  const items = [{ id: 's', title: 'Small' }]
  expect(fitContent(quick, typed)).toEqual({ parts: [quick], menu: { kind: 'quick', items } })
  const told: Capabilities = { ...RICH, quick: { max: 3, titleMax: 20, textMax: 60 } }
  expect(fitContent(quick, told)).toEqual({ parts: [quick] })
})

test('below a file there may be less room for the text of buttons', () => {
  const around = { headerMax: 0, footerMax: 0, media: true, captionMax: 12 } as const
  const can: Capabilities = { ...RICH, buttons: { max: 3, titleMax: 20, textMax: 60, around } }
  const header = { type: 'image', media: file('image/png') } as const
  const content: Content = {
    type: 'buttons',
    text: 'One two three. Four',
    header,
    buttons: [{ id: 'a', title: 'A' }],
  }
  expect(fitContent(content, can)).toEqual({
    parts: [
      { type: 'text', text: 'One two' },
      { ...content, text: 'three. Four' },
    ],
  })
})
