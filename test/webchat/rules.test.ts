import { describe, expect, test } from 'vitest'
import { createBuckets } from '../../gateway/webchat/buckets.ts'
import { type Identity, readIdentity } from '../../gateway/webchat/identity.ts'
import { cleanName, HEAD_BYTES, kindOf, MIME_TYPES } from '../../gateway/webchat/kinds.ts'
import { isAllowed } from '../../gateway/webchat/origins.ts'
import { readFrame } from '../../gateway/webchat/read.ts'
import {
  nameShown,
  newVisitor,
  readShown,
  readVisitor,
  signVisitor,
  visitorKeysOf,
} from '../../gateway/webchat/tokens.ts'
import { idMaker } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'
import { jwt, SECRET, VECTOR } from './signed.ts'

/** What is decided without a socket or a store. */
const random = seededRandom(3)
const newId = idMaker(random)
const channel = newId('chn', 1)
const NOW = 1_790_000_000_000
const DAY_MS = 86_400_000

test.each<[origin: string | undefined, allowed: string[], yes: boolean]>([
  ['https://www.example.com', ['https://www.example.com'], true],
  ['https://WWW.example.com', ['https://www.example.com'], true],
  ['https://www.example.com:443', ['https://www.example.com'], true],
  ['https://www.example.com:8443', ['https://www.example.com'], false],
  ['http://www.example.com', ['https://www.example.com'], false],
  ['https://shop.example.com', ['https://*.example.com'], true],
  ['https://a.b.example.com', ['https://*.example.com'], true],
  ['https://example.com', ['https://*.example.com'], false],
  ['https://evilexample.com', ['https://*.example.com'], false],
  ['https://www.example.com.evil.com', ['https://*.example.com', 'https://www.example.com'], false],
  ['http://localhost:5173', ['http://localhost:*'], true],
  ['http://localhost', ['http://localhost:*'], true],
  ['https://chat.own.example', [], true],
  ['http://localhost:8080', [], false],
  ['null', ['https://www.example.com'], false],
  [undefined, ['https://www.example.com'], false],
  ['https://www.example.com/path', ['https://www.example.com'], false],
  ['https://*.example.com', ['https://www.example.com'], false],
])('an origin is allowed exactly: %s by %j is %s', (origin, allowed, yes) => {
  expect(isAllowed(origin, allowed, 'https://chat.own.example')).toBe(yes)
})

test('our own demo page is ours by every name of this machine, and on our port alone', () => {
  const own = 'http://127.0.0.1:8080'
  for (const origin of [own, 'http://localhost:8080', 'http://[::1]:8080']) {
    expect(isAllowed(origin, [], own)).toBe(true)
  }
  expect(isAllowed('http://localhost:3000', [], own)).toBe(false)
})

describe('identity (PROVIDERS H2)', () => {
  const config = { origins: [], identitySecret: ['a new secret', SECRET] }
  const read = (claim: Parameters<typeof readIdentity>[0], more: object = {}): Identity =>
    readIdentity(claim, { ...config, ...more } as never, channel, NOW)
  const token = (claims: object, more: object = {}): Identity =>
    read({ jwt: jwt(claims, { now: NOW, ...more }) })
  const s = NOW / 1000

  test('the test vector proves the id and nothing else; an older secret still counts', () => {
    expect(read({ ...VECTOR, email: 'a@b.co' })).toEqual({
      proven: { externalId: 'user-42', name: null, addresses: [] },
      said: { 'identity.email': 'a@b.co' },
    })
  })

  test('a JWT proves its claims', () => {
    expect(
      token({ sub: '42', name: ' Ana ', email: 'a@b.co', phone: '+5215512345678', aud: channel }),
    ).toEqual({
      proven: {
        externalId: '42',
        name: 'Ana',
        addresses: [
          { kind: 'email', value: 'a@b.co' },
          { kind: 'phone', value: '+5215512345678' },
        ],
      },
      said: {},
    })
  })

  test.each<[string, () => Identity, string]>([
    ['a wrong hash', () => read({ id: 'user-43', hash: VECTOR.hash }), 'identityWrong'],
    ['another secret', () => token({ sub: '42' }, { secret: 'guessed' }), 'identityWrong'],
    ['alg none', () => token({ sub: '42' }, { header: { alg: 'none' } }), 'identityWrong'],
    ['another alg', () => token({ sub: '42' }, { header: { alg: 'HS512' } }), 'identityWrong'],
    ['crit', () => token({ sub: '42' }, { header: { crit: ['b64'] } }), 'identityWrong'],
    ['no exp', () => token({ sub: '42', exp: undefined }), 'identityWrong'],
    ['an exp that is past', () => token({ sub: '42', iat: s - 7200, exp: s - 3600 }), 'identityExpired'],
    ['a life of two days', () => token({ sub: '42', exp: s + 2 * 86_400 }), 'identityWrong'],
    [
      'two days left, whatever iat says',
      () => token({ sub: '42', iat: undefined, exp: s + 90_000 }),
      'identityWrong',
    ],
    ['an iat in the future', () => token({ sub: '42', iat: s + 600 }), 'identityWrong'],
    ['another audience', () => token({ sub: '42', aud: 'chn_other' }), 'identityWrong'],
    ['another issuer', () => token({ sub: '42', iss: 'https://evil.example' }), 'identityWrong'],
    ['no sub', () => token({ name: 'Ana' }), 'identityWrong'],
    ['an e-mail address that is none', () => token({ sub: '42', email: 'ana' }), 'identityWrong'],
    ['what is no JWT', () => read({ jwt: 'a.b' }), 'identityMalformed'],
    [
      'nothing signed where it must be',
      () => read({ id: '42' }, { identity: 'required' }),
      'identityUnsigned',
    ],
    ['anything where it is off', () => read(VECTOR, { identity: 'off' }), 'identityOff'],
    ['anything without a secret', () => read(VECTOR, { identitySecret: undefined }), 'identityOff'],
  ])('is refused: %s', (_what, told, code) => {
    expect(told()).toMatchObject({ refused: { code } })
  })

  test('what is not signed is noted where it may be, and proves nothing', () => {
    expect(read({ id: '42', name: 'Ana' })).toEqual({ said: { 'identity.id': '42', 'identity.name': 'Ana' } })
  })

  test('a clock that is off by half a minute spoils nothing', () => {
    expect(token({ sub: '42', iat: s + 30, exp: s + 30 + 86_400 })).toHaveProperty('proven')
    expect(token({ sub: '42', iat: s - 3600, exp: s - 30 })).toHaveProperty('proven')
  })
})

describe("a visitor's token", () => {
  const keys = visitorKeysOf(['the key', 'the old key'])
  const visitor = newVisitor(random)
  const token = { visitor, epoch: 3, issuedAt: NOW }

  test('holds who it is; an old key still counts, a forged one never', () => {
    const signed = signVisitor(keys, channel, token)
    expect(readVisitor(keys, channel, signed, NOW)).toEqual(token)
    const old = signVisitor(visitorKeysOf(['the old key']), channel, token)
    expect(readVisitor(keys, channel, old, NOW)).toEqual(token)
    const [name, , ...rest] = signed.split('.')
    for (const forged of [
      [name, '4', ...rest].join('.'),
      `${signed.slice(0, -1)}${signed.endsWith('A') ? 'B' : 'A'}`,
      signVisitor(visitorKeysOf(['guessed']), channel, token),
      '',
    ]) {
      expect(readVisitor(keys, channel, forged, NOW)).toBeUndefined()
    }
    expect(readVisitor(keys, newId('chn', 1), signed, NOW)).toBeUndefined()
    expect(readVisitor(keys, channel, signed, NOW + 366 * DAY_MS)).toBeUndefined()
  })

  test('a file that was shown may have a new link, and only by who was shown it', () => {
    const [ana, eva] = [newId('ctc', 1), newId('ctc', 1)]
    const file = newId('fil', 1)
    const name = nameShown(keys, channel, ana, file)
    expect(readShown(keys, channel, [eva, ana], name)).toBe(file)
    expect(readShown(keys, channel, [eva], name)).toBeUndefined()
    expect(readShown(keys, newId('chn', 1), [ana], name)).toBeUndefined()
    expect(readShown(keys, channel, [ana], file)).toBeUndefined()
  })
})

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const told = (name: string, mimeType = 'application/octet-stream') => ({ name, mimeType })

test.each<[what: string, head: Buffer, name: string, declared: string, mimeType: string | undefined]>([
  ['a picture', PNG, 'a.png', 'image/png', 'image/png'],
  ['a picture that says it is a page', PNG, 'a.html', 'text/html', 'image/png'],
  ['a JPEG', Buffer.from('ffd8ffe0', 'hex'), 'a', '', 'image/jpeg'],
  ['WebP', Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'), 'a.webp', '', 'image/webp'],
  ['an iPhone photo', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'), 'a.heic', '', 'image/heic'],
  ['MP4', Buffer.from('\0\0\0\x18ftypisom\0\0\0\0', 'latin1'), 'a.mp4', '', 'video/mp4'],
  [
    'a voice note of Chrome',
    Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex'),
    'voice',
    'audio/webm',
    'audio/webm',
  ],
  ['a voice note of Firefox', Buffer.from('OggS\0\x02', 'latin1'), 'voice.ogg', 'audio/ogg', 'audio/ogg'],
  ['PDF', Buffer.from('%PDF-1.7\n'), 'a.pdf', '', 'application/pdf'],
  [
    'Word',
    Buffer.from('PK\x03\x04', 'latin1'),
    'a.docx',
    '',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  ],
  ['ZIP', Buffer.from('PK\x03\x04', 'latin1'), 'a.jar', '', 'application/zip'],
  ['an old Excel', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'a.xls', '', 'application/vnd.ms-excel'],
  ['an installer', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'a.msi', '', undefined],
  ['a program', Buffer.from('MZ\x90\0\x03', 'latin1'), 'a.png', 'image/png', undefined],
  ['text', Buffer.from('Hola, ¿qué tal?\n'), 'a.txt', 'text/plain', 'text/plain'],
  ['a table', Buffer.from('a;b\n1;2\n'), 'a.csv', 'text/csv', 'text/csv'],
  ['SVG with a script', Buffer.from('<svg onload="alert(1)"/>'), 'a.svg', 'image/svg+xml', undefined],
  [
    'SVG that says it is a picture',
    Buffer.from(' \n<?xml version="1.0"?><svg/>'),
    'a.png',
    'image/png',
    undefined,
  ],
  ['HTML behind a byte-order mark', Buffer.from('\ufeff<!doctype html>'), 'a.txt', 'text/plain', undefined],
  ['nothing', Buffer.alloc(0), 'a.txt', 'text/plain', undefined],
])('a file is what its first bytes are: %s', (_what, head, name, declared, mimeType) => {
  expect(kindOf(head, told(name, declared))?.mimeType).toBe(mimeType)
  expect(head.length).toBeLessThan(HEAD_BYTES)
})

test('no kind that is taken runs as a page of ours', () => {
  expect(MIME_TYPES.filter(type => /html|svg|xml$|javascript/.test(type))).toEqual([])
})

test.each<[name: string, clean: string | null]>([
  ['foto.png', 'foto.png'],
  ['FOTO.PNG', 'FOTO.png'],
  ['../../etc/passwd', 'passwd.png'],
  ['C:\\Users\\ana\\foto.png', 'foto.png'],
  ['invoice.exe', 'invoice.exe.png'],
  ['invoice\u202egnp.exe', 'invoicegnp.exe.png'],
  ['a\r\nb.png', 'ab.png'],
  ['.htaccess', 'htaccess.png'],
  ['..', null],
  ['', null],
  [`${'x'.repeat(300)}.png`, `${'x'.repeat(116)}.png`],
])('a name is harmless wherever it is saved: %j is %j', (name, clean) => {
  const kind = kindOf(PNG, told('a.png'))
  expect(kind && cleanName(name, kind)).toBe(clean)
})

test.each<[text: string, read: object]>([
  ['hola', { wrong: 'A frame is one JSON text.' }],
  ['null', { wrong: 'A frame has a type.' }],
  ['{"type":"dance"}', { unknown: 'dance' }],
  ['{"type":"__proto__"}', { unknown: '__proto__' }],
  ['{"type":"typing","on":"yes"}', { wrong: 'on must be boolean' }],
  ['{"type":"message","id":"x","content":{"type":"text","text":"a"}}', { id: 'x' }],
  ['{"type":"read","ids":[]}', { wrong: 'ids must not have fewer than 1 items' }],
  ['{"type":"ping","later":1}', { frame: { type: 'ping', later: 1 } }],
])('a frame in a wrong form is told what is wrong: %s', (text, read) => {
  expect(readFrame(text)).toMatchObject(read)
})

test('a bucket gives its burst, then its rate, and forgets who has not come for long', () => {
  const ask = createBuckets({ burst: 2, perSecond: 4 })
  expect([ask('a', 0), ask('a', 0), ask('a', 0), ask('b', 0)]).toEqual([0, 0, 250, 0])
  expect([ask('a', 250), ask('a', 250)]).toEqual([0, 250])
  // More than there is room for come at once, then one of them again: nobody is refused for what others did before.
  for (let index = 0; index < 12_000; index++) ask(`c${index}`, 10_000 + index)
  expect(ask('a', 30_000)).toBe(0)
})
