import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { answering, failureOf, httpWith, listening, post, sockets } from './servers.ts'

test('a POST carries its body and headers, and its answer is read as JSON', async () => {
  const url = await answering((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.end(JSON.stringify({ body, type: request.headers['content-type'], path: request.url }))
    })
  })
  const answer = await httpWith()(post(`${url}/x?y=1#z`))
  expect(answer.status).toBe(200)
  expect(answer.headers['set-cookie']).toBe('a=1, b=2')
  expect(await answer.json()).toEqual({ body: '{"a":1}', type: 'application/json', path: '/x?y=1' })
})

test('any status is an answer, and a body that is no JSON is undefined', async () => {
  const url = await answering((_request, response) => response.writeHead(502).end('<html>'))
  const answer = await httpWith()(post(url))
  expect([answer.status, await answer.json()]).toEqual([502, undefined])
})

test('RULES C5: a refused connection is certain', async () => {
  const server = createServer()
  const url = await listening(server)
  await new Promise(resolve => server.close(resolve))
  expect(await failureOf(httpWith()(post(url)))).toEqual(['unreachable', true])
})

test('RULES C5: a name that does not resolve is certain', async () => {
  const http = httpWith({ resolve: (_host, done) => done(new Error('ENOTFOUND'), []) })
  expect(await failureOf(http(post('http://nowhere.example')))).toEqual(['unreachable', true])
})

test('RULES C5: a TLS handshake that fails is certain', async () => {
  const url = await sockets(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const secure = url.replace('http:', 'https:')
  expect(await failureOf(httpWith()(post(secure)))).toEqual(['unreachable', true])
})

test('RULES C5, C7: a TLS handshake that never ends is certain, after the connect time-out', async () => {
  const url = await sockets(() => {})
  const http = httpWith({ connectMs: 50 })
  expect(await failureOf(http(post(url.replace('http:', 'https:'))))).toEqual(['unreachable', true])
})

test('RULES C5: a connection reset after the request was written is uncertain', async () => {
  const url = await sockets(socket => socket.once('data', () => socket.resetAndDestroy()))
  expect(await failureOf(httpWith()(post(url)))).toEqual(['noAnswer', false])
})

test('RULES C5: a connection closed after the request was written is uncertain', async () => {
  const url = await sockets(socket => socket.once('data', () => socket.end()))
  expect(await failureOf(httpWith()(post(url)))).toEqual(['noAnswer', false])
})

test('RULES C5: a reset on a reused keep-alive socket is uncertain, and nothing is repeated', async () => {
  let requests = 0
  const url = await sockets(socket =>
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
      else socket.resetAndDestroy()
    }),
  )
  const http = httpWith({ connectionsPerOrigin: 1 })
  expect(await (await http(post(url))).json()).toEqual({})
  expect(await failureOf(http(post(url)))).toEqual(['noAnswer', false])
  expect(requests).toBe(2)
})

test('RULES C5, C7: no answer in time is uncertain', async () => {
  const url = await sockets(() => {})
  expect(await failureOf(httpWith({ answerMs: 50 })(post(url)))).toEqual(['noAnswer', false])
})

test('RULES C7: an answer that trickles for ever ends with its time', async () => {
  const url = await sockets(socket =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 5)
      socket.on('close', () => clearInterval(timer))
    }),
  )
  const answer = await httpWith()(post(url, { answerMs: 100 }))
  expect(answer.status).toBe(200)
  expect(await failureOf(answer.text())).toEqual(['noAnswer', false])
})

test('RULES C5: what never got a socket is certain, and is not written later', async () => {
  let requests = 0
  const url = await sockets(socket => socket.on('data', () => (requests += 1)))
  const http = httpWith({ connectionsPerOrigin: 1 })
  const first = failureOf(http(post(url, { answerMs: 150 })))
  const second = failureOf(http(post(url, { answerMs: 50 })))
  expect(await second).toEqual(['unreachable', true])
  expect(await first).toEqual(['noAnswer', false])
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(requests).toBe(1)
})

test('RULES C7: a signal ends a wait, on the side of the line where it stands', async () => {
  const url = await sockets(() => {})
  const http = httpWith({ connectionsPerOrigin: 1 })
  const abort = new AbortController()
  const written = failureOf(http(post(url, { signal: abort.signal })))
  const queued = failureOf(http(post(url, { signal: abort.signal })))
  await new Promise(resolve => setTimeout(resolve, 50))
  abort.abort()
  expect(await written).toEqual(['noAnswer', false])
  expect(await queued).toEqual(['unreachable', true])
  expect(await failureOf(http(post(url, { signal: abort.signal })))).toEqual(['unreachable', true])
})

test('a header that HTTP does not allow is certain, and tells which', async () => {
  const url = await sockets(() => {})
  const request = httpWith()(post(url, { headers: { authorization: 'Bearer a\nb' } }))
  await expect(request).rejects.toMatchObject({
    failure: { code: 'badRequest', provider: { title: 'invalid authorization header' } },
  })
})

test('a body longer than its bound is not read on', async () => {
  const url = await answering((_request, response) => response.end('x'.repeat(300_000)))
  const http = httpWith({ bytesMax: 100_000 })
  expect(await failureOf((await http(post(url))).text())).toEqual(['noAnswer', false])
  const small = httpWith({ bytesMax: 400_000 })
  expect((await (await small(post(url))).text()).length).toBe(300_000)
})

test('a stream comes whole, however slowly it is read', async () => {
  const whole = Buffer.alloc(3_000_000, 'omnibus ')
  const url = await answering((_request, response) => response.end(whole))
  const answer = await httpWith()({ method: 'GET', url })
  await new Promise(resolve => setTimeout(resolve, 20))
  const chunks: Buffer[] = []
  for await (const chunk of answer.stream) {
    chunks.push(chunk as Buffer)
    if (chunks.length % 10 === 0) await new Promise(resolve => setTimeout(resolve, 1))
  }
  expect(Buffer.concat(chunks).equals(whole)).toBe(true)
})

test('a stream that breaks off fails, and is not taken for the whole', async () => {
  const url = await sockets(socket =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 20)
    }),
  )
  const { stream } = await httpWith()({ method: 'GET', url })
  expect(await failureOf(stream.toArray())).toEqual(['noAnswer', false])
})

test('a body may be a stream or a form', async () => {
  const url = await answering((request, response) => request.pipe(response))
  const http = httpWith()
  const echo = await http(post(url, { body: Readable.from(['a', 'b']), headers: {} }))
  expect(await echo.text()).toBe('ab')
  const form = new FormData()
  form.set('name', 'value')
  const written = await http(post(url, { body: form, headers: {} }))
  expect(await written.text()).toContain('name="name"\r\n\r\nvalue')
})

test('every request is told once, with its outcome', async () => {
  const told: (number | string)[] = []
  const http = httpWith({ onAnswer: ({ outcome }) => told.push(outcome) })
  const url = await answering((_request, response) => response.writeHead(404).end('no'))
  await (await http(post(url))).text()
  const broken = await sockets(socket => socket.once('data', () => socket.destroy()))
  await failureOf(http(post(broken)))
  await failureOf(http(post('http://10.0.0.1')))
  expect(told).toEqual([404, 'noAnswer', 'blockedByEgress'])
})

test('more origins than may stay open close the one unused for longest, and it opens again', async () => {
  const urls = await Promise.all([0, 1, 2].map(n => answering((_request, response) => response.end(`${n}`))))
  const http = httpWith({ originsMax: 2 })
  for (const round of [0, 1]) {
    for (const [n, url] of urls.entries()) {
      expect([round, await (await http(post(url))).text()]).toEqual([round, `${n}`])
    }
  }
})

test('RULES C4: what may not be written any more once a connection is there is certain', async () => {
  let requests = 0
  const url = await answering((_request, response) => {
    requests += 1
    response.end('{}')
  })
  // The process stood still, or the name took its time: the lease was there when the request was let go.
  let mayWrite = true
  const http = httpWith({
    resolve: (_host, done) => {
      mayWrite = false
      done(null, [{ address: '127.0.0.1', family: 4 }])
    },
  })
  const late = http(post(url.replace('127.0.0.1', 'localhost'), { mayWrite: () => mayWrite }))
  expect(await failureOf(late)).toEqual(['unreachable', true])
  expect(requests).toBe(0)
  const answer = await http(post(url, { mayWrite: () => true }))
  expect([answer.status, requests]).toEqual([200, 1])
})
