import { expect, test } from 'vitest'
import { createHttp, type HttpOptions } from '../../connectors/kit/http.ts'
import { answering, failureOf, httpWith, post } from './servers.ts'

test.each([
  'http://127.0.0.1:1',
  'http://2130706433:1',
  'http://0x7f.1:1',
  'http://[::1]:1',
  'http://[::ffff:127.0.0.1]:1',
  'http://[64:ff9b::7f00:1]:1',
  'http://0.0.0.0:1',
  'http://10.1.2.3:1',
  'http://172.16.0.1:1',
  'http://192.168.1.1:1',
  'http://169.254.169.254/latest/meta-data/',
  'http://100.100.100.200:1',
  'http://[fd00:ec2::254]:1',
  'http://[fe80::1]:1',
  'http://255.255.255.255:1',
  'ftp://example.com',
  'file:///etc/passwd',
])('RULES G3: %s is not called', async url => {
  expect(await failureOf(httpWith({ egressAllow: [] })(post(url)))).toEqual(['blockedByEgress', true])
})

test('RULES G3: a name is vetted by what it resolves to, and connected to exactly that', async () => {
  const url = await answering((_request, response) => response.end('inside'))
  const { port } = new URL(url)
  let asked = 0
  // A name that is public when asked first and private afterwards: DNS rebinding.
  const rebinding: NonNullable<HttpOptions['resolve']> = (_host, done) => {
    asked += 1
    done(null, [{ address: '127.0.0.1', family: 4 }])
  }
  const closed = httpWith({ egressAllow: [], resolve: rebinding })
  expect(await failureOf(closed(post(`http://rebind.example:${port}`)))).toEqual(['blockedByEgress', true])
  expect(asked).toBe(1)
  const open = httpWith({ egressAllow: ['rebind.example'], resolve: rebinding })
  expect(await (await open(post(`http://rebind.example:${port}`))).text()).toBe('inside')
  expect(asked).toBe(2)
})

test('RULES G3: of several addresses only those that may be called are tried', async () => {
  const url = await answering((_request, response) => response.end('ok'))
  const http = httpWith({
    egressAllow: ['127.0.0.0/8'],
    resolve: (_host, done) =>
      done(null, [
        { address: '10.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
  })
  expect(await (await http(post(`http://two.example:${new URL(url).port}`))).text()).toBe('ok')
})

test('RULES G3: an entry of egress.allow that is nothing is refused at once', () => {
  expect(() => createHttp({ egressAllow: ['10.0.0.0/99'] })).toThrow('10.0.0.0/99')
})

test('RULES G3: redirects are followed only when asked, and vetted again', async () => {
  const url = await answering((_request, response) =>
    response.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
  )
  const http = httpWith()
  expect((await http({ method: 'GET', url })).status).toBe(302)
  expect(await failureOf(http({ method: 'GET', url, redirectsMax: 3 }))).toEqual(['blockedByEgress', true])
})

test('a redirect to another origin loses the credentials, one within it keeps them', async () => {
  const seen: (string | undefined)[] = []
  const target = await answering((request, response) => {
    seen.push(request.headers.authorization)
    response.end('there')
  })
  const url = await answering((request, response) => {
    seen.push(request.headers.authorization)
    const location = request.url === '/' ? '/again' : target
    response.writeHead(302, { location }).end()
  })
  const headers = { authorization: 'Bearer secret' }
  const answer = await httpWith()({ method: 'GET', url, headers, redirectsMax: 3 })
  expect(await answer.text()).toBe('there')
  expect(seen).toEqual(['Bearer secret', 'Bearer secret', undefined])
})

test('a redirect that never ends stops at its bound', async () => {
  let requests = 0
  const url = await answering((_request, response) => {
    requests += 1
    response.writeHead(302, { location: '/' }).end()
  })
  expect((await httpWith()({ method: 'GET', url, redirectsMax: 2 })).status).toBe(302)
  expect(requests).toBe(3)
})
