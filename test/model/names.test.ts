import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPhone, phoneOf, phoneVariants } from '../../model/address.ts'
import { type Content, mapMedia, mediaOf } from '../../model/content.ts'
import { firstIdAt, idMaker, isId } from '../../model/ids.ts'
import { readReference, referenceOf } from '../../model/message.ts'
import { seededRandom } from '../../model/random.ts'

describe('ids', () => {
  test('ids of one maker are in order, even in one millisecond or when the clock steps back', () => {
    const make = idMaker(seededRandom(1))
    const ids = Array.from({ length: 10_000 }, (_, index) => make('msg', 1_700_000_000_000 - (index % 7)))
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('ids of a millisecond lie between its first id and that of the next', () => {
    const at = fc.integer({ min: 0, max: 2 ** 47 })
    fc.assert(
      fc.property(at, at, fc.integer(), (made, asked, seed) => {
        const id: string = idMaker(seededRandom(seed))('msg', made)
        expect(id >= firstIdAt('msg', asked)).toBe(made >= asked)
      }),
    )
    expect(isId('msg', firstIdAt('msg', 0))).toBe(true)
  })

  test.each<[unknown, boolean]>([
    [idMaker(seededRandom(1))('msg', 1), true],
    ['msg_', false],
    ['chn_01h455vb4pex5vsknk084sn02q', false],
    ['msg_81h455vb4pex5vsknk084sn02q', false],
    [7, false],
  ])('%s is a message id: %s', (text, expected) => {
    expect(isId('msg', text)).toBe(expected)
  })
})

describe('RULES B6: phones', () => {
  test.each<[string, string | undefined]>([
    ['5215512345678', '+5215512345678'],
    ['+52 1 55 1234-5678', '+5215512345678'],
    ['(57) 300 123 4567', '+573001234567'],
    ['1234567', undefined],
    ['+1234567890123456', undefined],
    ['+52a5512345678', undefined],
    ['', undefined],
  ])('%j is %j', (text, phone) => {
    expect(phoneOf(text)).toBe(phone)
  })

  test('a number is never rewritten', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[0-9]{8,15}$/), phone => {
        expect(phoneOf(phone)).toBe(phone)
      }),
    )
  })

  test.each<[string, string]>([
    ['+5215512345678', '+525512345678'],
    ['+5491123456789', '+541123456789'],
    ['+5511987654321', '+551187654321'],
  ])('%s and %s are each a key for the other', (a, b) => {
    expect(phoneVariants(a)).toEqual([b])
    expect(phoneVariants(b)).toContain(a)
  })

  test('a Mexican mobile with the old 1 counts as real; a number with one form has no variants', () => {
    expect(isPhone('+5215512345678')).toBe(true)
    expect(phoneVariants('+573001234567')).toEqual([])
  })
})

describe('RULES C2: our reference of an attempt', () => {
  test('reads back as it was written, and fits the shortest field of any provider', () => {
    const message = idMaker(seededRandom(2))('msg', 1_700_000_000_000)
    expect(readReference(referenceOf(message, 2, 13))).toEqual({ message, part: 2, attempt: 13 })
    expect(referenceOf(message, 99, 99).length).toBeLessThanOrEqual(40)
  })

  test.each([
    '',
    'msg_x.0.1',
    'somebody else',
    'msg_01h455vb4pex5vsknk084sn02q.0',
    'msg_01h455vb4pex5vsknk084sn02q.0.1.2',
  ])('%j is none of ours', text => {
    expect(readReference(text)).toBeUndefined()
  })
})

describe('content', () => {
  test.each<[string, Content<object>]>([
    ['an image', { type: 'image', media: { id: 1 }, caption: 'c' }],
    [
      'the header of buttons',
      { type: 'buttons', text: 't', header: { type: 'image', media: { id: 1 } }, buttons: [] },
    ],
    [
      'the header of a template',
      {
        type: 'template',
        name: 'n',
        language: 'es',
        parameters: { header: { type: 'video', media: { id: 1 } } },
      },
    ],
  ])('media are found and replaced in %s', (_name, content) => {
    expect(mediaOf(content)).toEqual([{ id: 1 }])
    const replaced = mapMedia(content, () => ({ id: 2 }))
    expect(mediaOf(replaced)).toEqual([{ id: 2 }])
    expect(mapMedia(replaced, () => ({ id: 1 }))).toEqual(content)
  })

  test('a template variable called media is text, not a file', () => {
    const template: Content<object> = {
      type: 'template',
      name: 'n',
      language: 'es',
      parameters: { header: { media: 'printed' } },
    }
    expect(mediaOf(template)).toEqual([])
  })

  test('a content without media stays the same object', () => {
    const content: Content = { type: 'text', text: 'hola' }
    expect(mapMedia(content, media => media)).toBe(content)
  })
})
