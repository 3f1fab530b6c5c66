import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { explain, nearest } from '../../gateway/explain.ts'
import { MessageInput } from '../../gateway/schemas.ts'

const to = '+5215512345678'

test.each<[string, unknown, string[]]>([
  ['nothing is wrong', { to, content: { type: 'text', text: 'Hola' } }, []],
  ['a missing field', { to, content: { type: 'text' } }, ['content.text is required']],
  ['a missing content', { to }, ['content is required']],
  ['a type nobody knows', { to, content: { type: 'fax' } }, ['content.type must be one of text, ']],
  ['no type at all', { to, content: {} }, ['content.type is required']],
  [
    'a mistyped field',
    { to, content: { type: 'text', text: 'a', preveiw: true } },
    ['content.preveiw is not known here; did you mean "preview"?'],
  ],
  [
    'a field deep inside',
    { to, content: { type: 'buttons', text: 'a', buttons: [{ id: 'a', title: 'A' }, { id: 'b' }] } },
    ['content.buttons[1].title is required'],
  ],
  [
    'a number out of range',
    { to, content: { type: 'location', latitude: 91, longitude: 0 } },
    ['content.latitude must be <= 90'],
  ],
  ['another shape', 'hello', [' must be object']],
  [
    'a media that is neither a file nor a link',
    { to, content: { type: 'image', media: { href: 'x' } } },
    ['content.media.'],
  ],
])('bad input names its fields: %s', (_name, input, expected) => {
  const errors = explain(MessageInput, input).map(({ field, message }) => `${field} ${message}`)
  if (expected.length === 0) expect(errors).toEqual([])
  for (const [index, start] of expected.entries())
    expect(errors[index]).toMatch(new RegExp(`^${escaped(start)}`))
})

test('a value that may be one or several is explained by the one that was meant', () => {
  const schema = Type.Union([Type.String({ minLength: 2 }), Type.Array(Type.String({ minLength: 2 }))])
  expect(explain(schema, 'a', 'x')[0]?.field).toBe('x')
  expect(explain(schema, ['ab', 'c'], 'x')[0]?.field).toBe('x[1]')
  expect(explain(schema, 7, 'x')).toEqual([{ field: 'x', message: 'must be string or array' }])
})

test.each([
  ['dataDirr', 'dataDir'],
  ['pubicUrl', 'publicUrl'],
  ['loglevel', 'logLevel'],
  ['banana', undefined],
])('the nearest known word to %s is %s', (word, expected) => {
  expect(nearest(word, ['dataDir', 'publicUrl', 'logLevel', 'store', 'bus'])).toBe(expected)
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
