import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joined, neutral, plain, split } from '../../model/sheet.ts'

test.each<[string, string]>([
  ['=HYPERLINK("http://evil")', `'=HYPERLINK("http://evil")`],
  ['+573001234567', "'+573001234567"],
  ['-1+1', "'-1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', "'\r=1"],
  ['＝1', "'＝1"],
  ["'=1", "''=1"],
  ['Ana', 'Ana'],
  ["'til", "'til"],
  ['', ''],
])('no spreadsheet runs %j', (text, expected) => {
  expect(neutral(text)).toBe(expected)
  expect(plain(expected)).toBe(text)
})

const text = fc.string({ unit: fc.constantFrom(...`'=+-@\t\r\n;\\ aé`) })

test('what is made neutral is read as it was', () => {
  fc.assert(
    fc.property(text, written => {
      expect(plain(neutral(written))).toBe(written)
    }),
  )
})

test('a list in a cell comes apart as it was put together', () => {
  const item = text.filter(one => one !== '' && one === one.trim())
  fc.assert(
    fc.property(fc.array(item), items => {
      expect(split(joined(items))).toEqual(items)
    }),
  )
  expect(split(' vip ;; new;')).toEqual(['vip', 'new'])
  expect(split('a, b', ',')).toEqual(['a', 'b'])
})
