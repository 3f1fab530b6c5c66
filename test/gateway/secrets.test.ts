import fc from 'fast-check'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import type { AnyConnector } from '../../connectors/connector.ts'
import { secret, verifyingSecret } from '../../connectors/kit/secret.ts'
import { mergeConfig, type Predecessor, retire, unresolvedSecrets } from '../../gateway/channels.ts'
import { mapSecrets, redact, verifyingPaths } from '../../gateway/secrets.ts'

const schema = Type.Object({
  id: Type.String(),
  token: secret('t'),
  appSecret: verifyingSecret('a'),
  smtp: Type.Object({ host: Type.String(), password: secret('p') }),
  oauth: Type.Optional(
    Type.Union([
      Type.Object({ kind: Type.Literal('a'), refreshToken: secret('r') }),
      Type.Object({ kind: Type.Literal('b'), key: secret('k') }),
    ]),
  ),
  extra: Type.Optional(Type.Record(Type.String(), secret('e'))),
  list: Type.Optional(Type.Array(Type.Object({ name: Type.String(), pass: secret('x') }))),
})
const connector = { config: schema } as unknown as AnyConnector

const config = {
  id: '1',
  token: 'S1',
  appSecret: ['S2', 'S3'],
  smtp: { host: 'h', password: 'S4' },
  oauth: { kind: 'b', key: 'S5' },
  extra: { a: 'S6' },
  list: [{ name: 'n', pass: 'S7' }],
}

test('secrets are hidden at any depth, in lists, branches and records, and nothing else is', () => {
  expect(redact(schema, config)).toEqual({
    id: '1',
    token: '***',
    appSecret: ['***', '***'],
    smtp: { host: 'h', password: '***' },
    oauth: { kind: 'b', key: '***' },
    extra: { a: '***' },
    list: [{ name: 'n', pass: '***' }],
  })
})

test('each secret is named by its place, the same for every position of a list', () => {
  const paths: string[] = []
  mapSecrets(schema, config, (text, path) => {
    paths.push(path)
    return text
  })
  expect(paths).toEqual([
    'token',
    'appSecret',
    'appSecret',
    'smtp.password',
    'oauth.key',
    'extra.a',
    'list.pass',
  ])
})

test('the config of a connector that is not here is hidden whole', () => {
  expect(redact(undefined, { a: 1, b: { c: 'x' } })).toEqual({ a: '***', b: '***' })
})

test('whatever the value, a walk that changes no secret changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(mapSecrets(schema, value, text => text)).toEqual(value)
    }),
  )
})

test('a PATCH keeps secrets that are absent or read ***', () => {
  expect(mergeConfig(config, { id: '2', token: '***' })).toEqual({ ...config, id: '2' })
  expect(mergeConfig(config, { smtp: { password: '***', host: 'i' } })['smtp']).toEqual({
    host: 'i',
    password: 'S4',
  })
  expect(mergeConfig(config, { appSecret: ['NEW', '***', '***'] })['appSecret']).toEqual(['NEW', 'S2', 'S3'])
  expect(mergeConfig({ ...config, appSecret: 'S2' }, { appSecret: ['NEW', '***'] })['appSecret']).toEqual([
    'NEW',
    'S2',
  ])
  expect(mergeConfig(config, { oauth: null })).not.toHaveProperty('oauth')
})

test('*** that stands for nothing is found', () => {
  const merged = mergeConfig(config, { extra: { b: '***' } })
  expect(unresolvedSecrets(connector, merged)).toEqual(['extra.b'])
  expect(unresolvedSecrets(connector, config)).toEqual([])
})

test('RULES G2: a replaced verifying secret is kept for seven days, and only that kind', () => {
  const day = 86_400_000
  expect(verifyingPaths(schema)).toEqual(['appSecret'])
  const after = { ...config, token: 'NEW', appSecret: ['NEW', 'S3'] }
  const kept = retire(connector, { config, predecessors: [] }, after, 0)
  expect(kept).toEqual([{ path: 'appSecret', secret: 'S2', until: 7 * day }])
  const again: Predecessor[] = retire(
    connector,
    { config: after, predecessors: kept },
    { ...after, appSecret: 'NEW' },
    day,
  )
  expect(again).toEqual([
    { path: 'appSecret', secret: 'S2', until: 7 * day },
    { path: 'appSecret', secret: 'S3', until: 8 * day },
  ])
  const back = retire(connector, { config: after, predecessors: kept }, config, day)
  expect(back.map(({ secret: text }) => text)).toEqual(['NEW'])
})
