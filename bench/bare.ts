import { createHmac, timingSafeEqual } from 'node:crypto'
import fastify from 'fastify'
import { answerQuestions } from './parts.ts'

/** The ceiling of `ingest`: a Fastify route that checks the signature over the raw bytes, and nothing else. */
export type BareQuestions = { listen: { input: { appSecret: string }; answer: { port: number } } }

answerQuestions<BareQuestions>({
  listen: async ({ appSecret }) => {
    const app = fastify({ logger: false })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    app.post('/in/:connector/:channel', (request, reply) => {
      const body = request.body as Buffer
      const told = Buffer.from(String(request.headers['x-hub-signature-256']).slice(7), 'hex')
      const real = createHmac('sha256', appSecret).update(body).digest()
      const isSigned = told.length === real.length && timingSafeEqual(told, real)
      reply.code(isSigned ? 200 : 401).send()
    })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return { port: Number(new URL(url).port) }
  },
})
