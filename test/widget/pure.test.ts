import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readOptions } from '../../widget/options.ts'
import { LANGUAGES, localeOf, wordsIn } from '../../widget/texts/texts.ts'
import { whyRefused } from '../../widget/uploads.ts'
import { contrastOf, paletteOf } from '../../widget/view/color.ts'
import { whyWrong } from '../../widget/view/form.ts'
import { linksIn } from '../../widget/view/links.ts'
import { GROUNDS, schemeOf, themeRules } from '../../widget/view/theme.ts'

describe('texts', () => {
  test('every language says everything, with the same blanks', () => {
    const blanks = (text: string): string[] => (text.match(/\{\w\}/g) ?? []).sort()
    for (const texts of Object.values(LANGUAGES)) {
      expect(Object.keys(texts)).toEqual(Object.keys(LANGUAGES.en))
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), key).not.toBe('')
        expect(blanks(text), key).toEqual(blanks(LANGUAGES.en[key as keyof typeof LANGUAGES.en]))
      }
    }
  })

  test.each([
    ['auto', ['pt-BR', 'en'], { language: 'pt', tag: 'pt-BR' }],
    ['auto', ['fr-FR', 'es-MX'], { language: 'es', tag: 'es-MX' }],
    ['auto', ['fr'], { language: 'en', tag: 'en' }],
    ['it', ['en-GB'], { language: 'it', tag: 'it' }],
    ['de', ['en-GB'], { language: 'en', tag: 'en-GB' }],
    ['constructor', [], { language: 'en', tag: 'en' }],
  ])('%s in a browser of %j', (wanted, browser, expected) => {
    expect(localeOf(wanted, browser)).toEqual(expected)
  })

  test('days are those of a calendar, not of 24 hours', () => {
    const words = wordsIn({ language: 'en', tag: 'en-GB' })
    const now = new Date(2026, 10, 24, 0, 30).getTime()
    expect(words.day(new Date(2026, 10, 24, 0, 1).toISOString(), now)).toBe('Today')
    expect(words.day(new Date(2026, 10, 23, 23, 59).toISOString(), now)).toBe('Yesterday')
    expect(words.day(new Date(2026, 10, 22, 12).toISOString(), now)).toBe('Sunday 22 November')
    expect(words.label({ es: 'Nombre' })).toBe('Nombre')
  })
})

describe('links', () => {
  const hrefs = (text: string): string[] => linksIn(text).flatMap(({ href }) => href ?? [])

  test.each([
    ['nothing here', []],
    ['see https://example.com/a?b=1.', ['https://example.com/a?b=1']],
    ['(https://en.example.org/wiki/A_(b))', ['https://en.example.org/wiki/A_(b)']],
    ['www.example.com, or ana@example.com!', ['https://www.example.com/', 'mailto:ana@example.com']],
    ['tel:+34600000000', ['tel:+34600000000']],
    ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
    ['https://"><script>alert(1)</script>', []],
  ])('%s', (text, expected) => expect(hrefs(text)).toEqual(expected))

  test('no character of a text is lost or added', () => {
    const words = fc.constantFrom('https://a.b/', 'a@b.co', ' ', '.', ')', '<b>', 'www.x.y', 'ñ')
    fc.assert(
      fc.property(fc.array(words), parts => {
        const text = parts.join('')
        expect(
          linksIn(text)
            .map(piece => piece.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })
})

describe('colours', () => {
  test('whatever colour a website chooses, texts have a contrast of 4.5', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffff }),
        fc.constantFrom('light', 'dark'),
        (value, scheme) => {
          const ground = GROUNDS[scheme as keyof typeof GROUNDS]
          const { accent, onAccent, accentText } = paletteOf(
            `#${value.toString(16).padStart(6, '0')}`,
            ground,
          )
          expect(contrastOf(accent, onAccent)).toBeGreaterThanOrEqual(4.5)
          expect(contrastOf(accentText, ground)).toBeGreaterThanOrEqual(4.5)
        },
      ),
    )
  })

  test('a theme brings no rules of its own', () => {
    const bad = { color: '#fff;}body{display:none', offset: { x: '0;}*{' as unknown as number } }
    expect(themeRules(bad, 'light', 1)).not.toMatch(/display|\*/)
    expect(schemeOf('auto', true)).toBe('dark')
    expect(schemeOf('light', true)).toBe('light')
  })
})

describe('what a website and a visitor give', () => {
  test.each([
    [{}, undefined, /needs a channel/],
    [{ channel: 'chn_1' }, undefined, /needs the daemon's address/],
    [{ channel: 'chn_1', url: 'ftp://x' }, undefined, /needs the daemon's address/],
  ])('options %j are told from what is missing', (given, script, expected) => {
    expect(readOptions(given, script)).toMatch(expected)
  })

  test('options by attribute are those of init, and the address is where the script came from', () => {
    const script = 'https://chat.example.com/omnibus/webchat/widget.js?v=1'
    expect(
      readOptions({ channel: 'chn_1', launcher: 'false', zIndex: '5', color: '#123456' }, script),
    ).toEqual({
      channel: 'chn_1',
      url: 'https://chat.example.com/omnibus',
      look: { color: '#123456' },
      launcher: false,
      titleCount: false,
      trackPages: true,
      zIndex: 5,
    })
  })

  test.each([
    [{ size: 11, type: 'image/png' }, 'tooLarge'],
    [{ size: 9, type: 'image/png' }, undefined],
    [{ size: 9, type: 'application/pdf' }, undefined],
    [{ size: 9, type: 'image/svg+xml' }, 'badType'],
    [{ size: 9, type: '' }, undefined],
  ])('a file of %j', (file, expected) => {
    expect(whyRefused(file, { bytesMax: 10, mimeTypes: ['image/png', 'application/*'] })).toBe(expected)
  })

  test.each([
    ['text', true, '', 'required'],
    ['text', false, '', undefined],
    ['email', false, 'ana@example', 'badEmail'],
    ['email', false, 'ana@example.co', undefined],
    ['phone', false, '600', 'badPhone'],
    ['phone', false, '+34 600 00-00-00', undefined],
  ] as const)('a field of %s (required: %s) with "%s"', (kind, required, value, expected) => {
    expect(whyWrong({ name: 'x', kind, label: 'X', required }, value)).toBe(expected)
  })
})
