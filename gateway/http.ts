import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { bearerOf, type Caller, createAuth } from './auth.ts'
import { explain } from './explain.ts'
import { describeRoute, grantOf, OPENAPI } from './openapi.ts'
import { invalidInput, notFound, Problem, problemOf } from './problem.ts'
import type { Grant } from './roles.ts'
import type { Rooms } from './rooms.ts'
import { channelRoutes } from './routes/channels.ts'
import { consentRoutes } from './routes/consent.ts'
import { contactListRoutes } from './routes/contact-lists.ts'
import { contactRoutes } from './routes/contacts.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { docsRoutes } from './routes/docs.ts'
import { eventRoutes } from './routes/events.ts'
import { exportRoute } from './routes/export.ts'
import { fieldRoutes } from './routes/fields.ts'
import { fileLinkRoute, fileRoutes } from './routes/files.ts'
import { identityRoutes } from './routes/identity.ts'
import { importRoutes } from './routes/imports.ts'
import { messageRoutes } from './routes/messages.ts'
import { operatingRoutes } from './routes/operating.ts'
import { rejectedRoutes } from './routes/rejected.ts'
import { segmentRoutes } from './routes/segments.ts'
import { tagRoutes } from './routes/tags.ts'
import { templateRoutes } from './routes/templates.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { typingRoutes } from './routes/typing.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { workspaceRoutes } from './routes/workspaces.ts'
import { serveUpgrades, type Upgrades } from './upgrade.ts'
import { openWebchat } from './webchat/webchat.ts'

const API_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
/** Headers must be here within this time, the whole request within the next: a file of 100 MB at 1 MB/s. */
const HEADERS_MS = 10_000
const REQUEST_MS = 120_000
const KEEP_ALIVE_MS = 75_000
/** Most of them are idle: a visitor's socket costs some kilobytes. */
const CONNECTIONS_MAX = 20_000
const PARAM_MAX = 400

/** The door: every route, its limits, and one way of saying no. */
export async function createDoor(rooms: Rooms): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: API_BYTES_MAX,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    trustProxy: rooms.config.trustedProxies.length > 0 ? rooms.config.trustedProxies : false,
    http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_MS },
    routerOptions: { maxParamLength: PARAM_MAX },
    frameworkErrors: (error, _request, reply) => sendProblem(rooms, error, reply as FastifyReply),
    clientErrorHandler,
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler(({ schema, httpPart }) => validatorOf(schema as TSchema, httpPart ?? 'body'))
  // Answers are made of checked data; their schemas are for readers of the documents.
  app.setSerializerCompiler(() => data => JSON.stringify(data))
  app.setErrorHandler((error, _request, reply) => sendProblem(rooms, error, reply))
  const allowed = rememberRoutes(app)
  app.setNotFoundHandler((request, reply) => {
    const methods = allowed(request.url)
    const problem =
      methods.length === 0
        ? notFound('route')
        : new Problem('methodNotAllowed', `This URL takes ${methods.join(', ')}.`, {
            headers: { allow: methods.join(', ') },
          })
    return sendProblem(rooms, problem, reply)
  })
  await app.register(swagger, OPENAPI)
  operatingRoutes(app, rooms)
  docsRoutes(app, rooms)
  const upgrades = serveUpgrades(app, rooms.log)
  if (rooms.config.parts.includes('gateway')) {
    fileLinkRoute(app, rooms)
    await app.register(async scope => webhookRoutes(scope, rooms))
    await app.register(async scope => openWebchat(scope, rooms, upgrades))
    await app.register(async scope => apiRoutes(scope, rooms, upgrades))
  }
  await app.ready()
  return app
}

/** How long answers under way may take once the door closes; the queue needs most of the ten seconds of a stop. */
const DRAIN_MS = 1_500

/** Takes nothing new, lets what is under way be answered, then hangs up. */
export async function closeDoor(app: FastifyInstance): Promise<void> {
  // A connection kept alive by its client is idle again only after its answer: closing once would not be enough.
  const idle = setInterval(() => app.server.closeIdleConnections(), 50)
  const all = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(all)
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller of a route under `/v1` must be allowed. */
    may?: Grant
  }
  interface FastifyRequest {
    caller: Caller
  }
}

async function apiRoutes(app: FastifyInstance, rooms: Rooms, upgrades: Upgrades): Promise<void> {
  const auth = createAuth(rooms)
  app.addHook('onClose', () => auth.stop())
  app.decorateRequest('caller', null as unknown as Caller)
  app.addHook('onRoute', describeRoute)
  app.addHook('onRequest', async (request, reply) => {
    const { workspace } = request.query as { workspace?: unknown }
    request.caller = await auth.admit({
      token: bearerOf(request.headers.authorization),
      grant: grantOf(request.routeOptions),
      workspace,
      address: () => request.ip,
      headers: headers => void reply.headers(headers),
    })
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    rooms.metrics.httpRequests.add([request.method, route, String(reply.statusCode)])
    rooms.metrics.httpSeconds.observe([route], reply.elapsedTime / 1000)
  })
  channelRoutes(app, rooms)
  rejectedRoutes(app, rooms)
  messageRoutes(app, rooms)
  conversationRoutes(app, rooms)
  typingRoutes(app, rooms)
  templateRoutes(app, rooms)
  contactListRoutes(app, rooms)
  contactRoutes(app, rooms)
  consentRoutes(app, rooms)
  identityRoutes(app, rooms)
  exportRoute(app, rooms)
  segmentRoutes(app, rooms)
  tagRoutes(app, rooms)
  fieldRoutes(app, rooms)
  tokenRoutes(app, rooms, auth)
  workspaceRoutes(app, rooms)
  eventRoutes(app, rooms, auth, upgrades)
  await app.register(async scope => fileRoutes(scope, rooms))
  await app.register(async scope => importRoutes(scope, rooms))
}

/** Text from a URL or a header is read as the type that the schema wants; a body is taken as it is. */
function validatorOf(schema: TSchema, part: string) {
  let validator: Validator | undefined
  return (data: unknown): { value: unknown } | { error: Error } => {
    validator ??= compiled(schema)
    const value = part === 'body' ? data : Value.Convert(schema, { ...(data as object) })
    const isValid = validator === undefined ? Value.Check(schema, value) : validator.Check(value)
    return isValid ? { value } : { error: invalidInput(explain(schema, value)) }
  }
}

/**
 * The schema as code; undefined while the compiler is being loaded. That begins with the first request, since it is
 * 10 MB that an idle daemon does not need; until it is here schemas are interpreted.
 */
function compiled(schema: TSchema): Validator | undefined {
  compiler.loading ??= import('typebox/compile').then(({ Compile }) => {
    compiler.compile = Compile
  })
  return compiler.compile?.(schema)
}

type Validator = { Check(value: unknown): boolean }
const compiler: { loading?: Promise<void>; compile?: (schema: TSchema) => Validator } = {}

function sendProblem(rooms: Rooms, error: unknown, reply: FastifyReply): FastifyReply {
  let problem = problemOf(error)
  if (problem === undefined) {
    const status = (error as Partial<FastifyError>).statusCode
    if (status !== undefined && status >= 400 && status < 500) {
      problem = new Problem('malformedRequest', 'The request is malformed.')
    } else {
      rooms.log.error({ err: error }, 'a request failed')
      problem = new Problem('internal', 'A defect of Omnibus; the log says more.')
    }
  }
  return reply
    .code(problem.status)
    .headers(problem.headers())
    .type('application/problem+json; charset=utf-8')
    .send(problem.json())
}

/** What never became a request: headers too large or too slow, or no HTTP at all. */
function clientErrorHandler(error: Error & { code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const problem =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new Problem('headersTooLarge', 'The headers are larger than 16 KB.')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new Problem('requestTimeout', 'The request took too long to arrive.')
        : new Problem('malformedRequest', 'This is not HTTP.')
  const body = problem.json()
  const { title } = JSON.parse(body) as { title: string }
  socket.end(
    `HTTP/1.1 ${problem.status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** The methods that some route takes at a URL, for 405. Only asked when nothing matched. */
function rememberRoutes(app: FastifyInstance): (url: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+')}/?$`)
    routes.push({ pattern, methods: typeof method === 'string' ? [method] : method })
  })
  return url => {
    const path = url.split('?')[0] ?? url
    return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))]
  }
}
