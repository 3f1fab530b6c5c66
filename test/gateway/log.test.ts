import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLog, scrubText } from '../../gateway/log.ts'

function lines(write: (log: ReturnType<typeof createLog>) => void): string {
  const written: string[] = []
  write(createLog('debug', { write: line => void written.push(line) }))
  return written.join('')
}

test.each<[string, object, string, string[]]>([
  ['a phone in a field', { to: '+5215512345678' }, 'sent', ['5512345678']],
  ['a phone inside a sentence', {}, 'no window for +52 1 55 1234-5678 today', ['1234-5678', '5512']],
  ['a wa_id', { detail: 'recipient 5215512345678 unknown' }, '', ['5215512345678']],
  [
    'a secret by its name',
    { config: { appSecret: 'hunter2', deep: { accessToken: 'abc' } } },
    '',
    ['hunter2', 'abc'],
  ],
  ['an Authorization header', { headers: { authorization: 'Bearer abc.def' } }, '', ['abc.def']],
  ['a Bearer token in text', {}, 'sent with Bearer EAAGm0PX4ZCps today', ['EAAGm0PX4ZCps']],
  ['a token in a URL', { url: 'https://a.b/c?access_token=EAAG12&x=1' }, '', ['EAAG12']],
  ['a password in a URL', { url: 'postgres://me:pw123@db/x' }, '', ['pw123']],
  [
    'an error with a token',
    { err: new Error('Malformed access token=EAAGm0PX4ZCps') },
    '',
    ['EAAGm0PX4ZCps'],
  ],
  ['an unmarked long token', {}, `failed: ${'aB3'.repeat(15)}`, ['aB3aB3aB3']],
  ['a wamid, which holds a number', { id: 'wamid.HBgNNTIxNTU1' }, '', ['HBgNNTIxNTU1']],
  ['raw bytes', { body: Buffer.from('+5215512345678') }, '', ['5512345678', '53,50']],
])('no log line holds %s', (_name, fields, message, hidden) => {
  const text = lines(log => log.error(fields, message))
  expect(text).not.toBe('')
  for (const part of hidden) expect(text).not.toContain(part)
})

test('what an operator needs stays readable', () => {
  const text = lines(log =>
    log.info(
      { channel: 'chn_01jabcdefghjkmnpqrstvwxyz0', port: 8080, ms: 12.5, code: 'ECONNREFUSED' },
      'ready',
    ),
  )
  expect(JSON.parse(text)).toMatchObject({
    channel: 'chn_01jabcdefghjkmnpqrstvwxyz0',
    port: 8080,
    ms: 12.5,
    code: 'ECONNREFUSED',
    msg: 'ready',
  })
})

test('no phone survives, however it is written around', () => {
  const phone = fc.stringMatching(/^\+[1-9][0-9]{7,14}$/)
  const around = fc.constantFrom(' ', ',', '"', '(', ':', '\n', '/', '=')
  fc.assert(
    fc.property(phone, around, around, (number, before, after) => {
      expect(scrubText(`x${before}${number}${after}y`)).not.toContain(number.slice(1))
    }),
  )
})
