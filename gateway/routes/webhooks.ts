import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebhookRequest } from '../../connectors/connector.ts'
import { act } from '../acting.ts'
import { problems } from '../answers.ts'
import { createIntake, type IntakeAnswer } from '../intake.ts'
import { Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'

const WEBHOOK_BYTES_MAX = 4 * 1024 * 1024
const ANSWER = { description: 'What this provider takes for success.', type: 'string' }
const NO_BODY = Buffer.alloc(0)

type Params = { connector: string; channel?: string }

/** `/in/:connector` and `/in/:connector/:channel`: where providers call. */
export function webhookRoutes(app: FastifyInstance, rooms: Rooms): void {
  const intake = createIntake({ ...rooms, act: (channel, action) => act(rooms, channel, action) })
  // Signatures are over raw bytes: nothing here may read a body before them, whatever its type claims.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: WEBHOOK_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  )
  const handler = async (
    request: FastifyRequest<{ Params: Params }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const { connector, channel } = request.params
    const answer = await intake(connector, channel, webhookOf(request, rooms), () => request.ip)
    send(reply, answer)
    if (answer.status === 200 && request.method !== 'GET') rooms.probe?.('inbound.4.answered')
    return reply
  }
  for (const [url, what] of [
    ['/in/:connector', 'Connector'],
    ['/in/:connector/:channel', 'Channel'],
  ] as const) {
    for (const method of ['GET', 'POST'] as const) {
      const schema = {
        operationId: method === 'GET' ? `greet${what}` : `deliverTo${what}`,
        summary: method === 'GET' ? "A provider's handshake" : "A provider's webhook",
        tags: ['webhooks'],
        security: [],
        response: {
          200: ANSWER,
          ...problems('unauthorized', 'notFound', 'tooLarge', 'tooManyFailures', 'unavailable'),
        },
      }
      app.route({ method, url, bodyLimit: WEBHOOK_BYTES_MAX, schema, handler })
    }
  }
}

function webhookOf(request: FastifyRequest, rooms: Rooms): WebhookRequest {
  const { body, query } = request
  return {
    method: request.method,
    url: baseUrl(request, rooms) + request.url,
    query: singly(query as Record<string, string | string[]>),
    headers: request.headers as Record<string, string | undefined>,
    body: Buffer.isBuffer(body) ? body : NO_BODY,
    at: rooms.clock.now(),
  }
}

/** RULES G4: as configured; without that, as a trusted proxy tells it. */
function baseUrl(request: FastifyRequest, { config, publicUrl }: Rooms): string {
  if (config.publicUrl !== null || config.trustedProxies.length === 0) return publicUrl()
  return `${request.protocol}://${request.host}`
}

/** A parameter that is given twice counts as it was given last. */
function singly(query: Record<string, string | string[]>): Record<string, string> {
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) query[name] = value.at(-1) ?? ''
  }
  return query as Record<string, string>
}

/** Refusals are problems like everywhere; what a provider wants to hear is sent as its connector says. */
const REFUSALS = {
  401: ['unauthorized', 'The signature is missing or wrong.'],
  404: ['notFound', 'There is no such channel.'],
  429: ['tooManyFailures', 'Too many wrong signatures from this address.'],
  503: ['unavailable', 'It could not be stored; send it again.'],
} as const

function send(reply: FastifyReply, answer: IntakeAnswer): void {
  const { status, contentType, body, retryAfterS } = answer
  if (body === undefined && (status === 401 || status === 404 || status === 429 || status === 503)) {
    const [code, detail] = REFUSALS[status]
    throw new Problem(code, detail, retryAfterS === undefined ? {} : { retryAfterS })
  }
  reply.code(status)
  if (contentType !== undefined) reply.type(contentType)
  reply.send(body)
}
