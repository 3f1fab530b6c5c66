import type { FastifyContextConfig, FastifySchema, RouteOptions } from 'fastify'
import { problems } from './answers.ts'
import { GRANTS, type Grant } from './roles.ts'
import { VERSION } from './version.ts'

const ABOUT = [
  'Every customer channel of a company on one message bus: what customers write comes in as one kind ' +
    'of message, answers go out by REST, and everything that happens is an event.',
  'A request carries a token: `Authorization: Bearer <token>`. Each token has a role and a workspace; ' +
    "an operator's may name any workspace with `?workspace=`.",
  'Bodies and answers are JSON. What goes wrong is answered as `application/problem+json` (RFC 9457) ' +
    'with a `code` for programs, and for bad input with `errors` that name each field. More fields may ' +
    'come: take those that you do not know.',
  'Lists come newest first, in pages: `next` of a page is the `after` of the following one, and null ' +
    'on the last. `Idempotency-Key` makes a request safe to repeat: the same key and body again within ' +
    '48 h is answered with the first outcome, and with `Idempotency-Replayed: true`.',
  'Each answer tells how many requests the token has left: `RateLimit-Policy` and `RateLimit`. Above ' +
    'it the answer is 429 with `Retry-After`.',
]

/** What `/openapi.json` says beside the routes, and of each of them. `/docs` is made of it. */
export const OPENAPI = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Omnibus',
      version: VERSION,
      description: ABOUT.join('\n\n'),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'messages', description: 'Send, read, explain and cancel.' },
      { name: 'conversations', description: 'From opened to closed, with one contact.' },
      { name: 'contacts', description: 'People, and the addresses where they are reached.' },
      { name: 'events', description: 'The log: everything that happened, in order.' },
      { name: 'files', description: 'What is sent and received besides text.' },
      { name: 'channels', description: 'Connections to providers.' },
      { name: 'access', description: 'Workspaces, tokens, and who asks.' },
      { name: 'webchat', description: 'The chat on a website: what its pages load, say and hear.' },
      { name: 'webhooks', description: 'Where providers call.' },
      { name: 'operating', description: 'For whoever runs the daemon.' },
    ],
    components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
    security: [{ token: [] }],
  },
  transform: ({ schema, url }: { schema: FastifySchema; url: string }) => ({ schema: withForm(schema), url }),
}

/** What every route under `/v1` may answer, whatever it does. */
const EVERYWHERE = ['unauthorized', 'forbidden', 'notFound', 'tooManyRequests', 'tooManyFailures'] as const

/** Adds who may call a route, and what it may answer to anybody. */
export function describeRoute(route: RouteOptions): void {
  const schema = route.schema ?? {}
  const response = { ...problems(...EVERYWHERE), ...(schema.response as object) }
  route.schema = Object.assign(schema, { 'x-roles': GRANTS[grantOf(route)], response })
}

/** @throws Error for a route that does not say who may call it: nothing is open by oversight. */
export function grantOf({ url, config }: { url?: string | undefined; config?: FastifyContextConfig }): Grant {
  if (config?.may === undefined) throw new Error(`${url} does not say who may call it: config: { may }`)
  return config.may
}

/** A form is read as it arrives, so no schema checks it; readers want to know its field all the same. */
function withForm(schema: FastifySchema & { consumes?: readonly string[] }): FastifySchema {
  if (schema?.consumes?.includes('multipart/form-data') !== true) return schema
  const file = { type: 'string', format: 'binary', description: 'With its name and type.' }
  return { ...schema, body: { type: 'object', required: ['file'], properties: { file } } }
}
