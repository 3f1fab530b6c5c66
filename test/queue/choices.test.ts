import { expect, test } from 'vitest'
import type { Capabilities } from '../../connectors/connector.ts'
import type { Content } from '../../model/content.ts'
import { fitContent } from '../../queue/fit.ts'
import { choices, menu, PLAIN, RICH, text } from './carrying.ts'

const FOUR = ['A', 'B', 'C', 'D'].map(title => ({ id: title, title }))
const withButtons = (more: Partial<NonNullable<Capabilities['buttons']>>): Capabilities => ({
  ...RICH,
  buttons: { max: 3, titleMax: 20, textMax: 1024, ...more },
})

const TABLE: [why: string, Content, Capabilities, unknown][] = [
  [
    'a request the channel has no button for is asked in text',
    { type: 'request', what: 'location', text: 'Where are you?' },
    PLAIN,
    text('Where are you?'),
  ],
  [
    'a request the channel can ask stays',
    { type: 'request', what: 'location', text: 'Where are you?' },
    { ...RICH, carries: [...RICH.carries, 'request'], requests: ['location'] },
    { parts: [{ type: 'request', what: 'location', text: 'Where are you?' }] },
  ],
  [
    'a form is not text',
    { type: 'flow', text: 'Book', button: 'Open', flow: { id: '1' } },
    RICH,
    { failure: { code: 'contentUnsupported' } },
  ],
  [
    'a footer that is too long joins the text',
    { ...choices, footer: 'x'.repeat(61) },
    RICH,
    { parts: [{ type: 'buttons', text: `Which?\n\n${'x'.repeat(61)}`, buttons: choices.buttons }] },
  ],
  [
    'a link among buttons where it must be alone',
    choices,
    withButtons({ urls: 'alone' }),
    menu(
      'button',
      [
        ['a', 'A'],
        [null, 'B'],
      ],
      'Which?\n\n1. A\n2. B: https://example.com\n\nThanks',
    ),
  ],
  [
    'buttons of one title where they must differ',
    {
      type: 'buttons',
      text: 'Which?',
      buttons: [
        { id: 'a', title: 'A' },
        { id: 'b', title: 'A' },
      ],
    },
    withButtons({ unique: true }),
    menu(
      'button',
      [
        ['a', 'A'],
        ['b', 'A'],
      ],
      'Which?\n\n1. A\n2. A',
    ),
  ],
  [
    'an id that is longer than what comes back',
    { type: 'buttons', text: 'Which?', buttons: [{ id: 'ñ'.repeat(40), title: 'A' }] },
    withButtons({ idBytesMax: 64 }),
    menu('button', [['ñ'.repeat(40), 'A']], 'Which?\n\n1. A'),
  ],
  [
    'buttons that are too many go as quick replies',
    { type: 'buttons', text: 'Which?', footer: 'Thanks', buttons: FOUR },
    { ...RICH, quick: { max: 13, titleMax: 20, textMax: 2000 } },
    { parts: [{ type: 'buttons', text: 'Which?\n\nThanks', buttons: FOUR, quick: true }] },
  ],
  [
    'quick replies where there are none go as buttons',
    { type: 'buttons', text: 'Which?', quick: true, buttons: FOUR.slice(0, 2) },
    RICH,
    { parts: [{ type: 'buttons', text: 'Which?', buttons: FOUR.slice(0, 2) }] },
  ],
  [
    'a list beyond one of its bounds becomes numbered lines',
    {
      type: 'list',
      text: 'Menu',
      button: 'Open',
      sections: [{ rows: [{ id: '1', title: 'Soup', description: 'with a long story' }] }],
    },
    { ...RICH, list: { rowsMax: 10, titleMax: 24, textMax: 1024, descriptionMax: 10 } },
    menu('list', [['1', 'Soup']], 'Menu\n\n1. Soup – with a long story'),
  ],
]

test.each(TABLE)('%s', (_why, content, can, expected) => {
  expect(fitContent(content, can)).toEqual(expected)
})
