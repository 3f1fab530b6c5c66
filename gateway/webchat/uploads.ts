import { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Uploaded } from '../../connectors/webchat/frames.ts'
import { FILE_BYTES_DEFAULT, FILE_BYTES_MAX } from '../../connectors/webchat/webchat.ts'
import { FileTooLarge } from '../../store/store.ts'
import { problems } from '../answers.ts'
import { bearerOf } from '../auth.ts'
import { joined, readHead } from '../head.ts'
import { applied, invalidInput, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { createAddressOf, type Site, siteOf, tooMany } from './entrance.ts'
import { knownAs } from './greet.ts'
import { cleanName, HEAD_BYTES, kindOf } from './kinds.ts'
import type { Limits } from './limits.ts'
import { allowOrigin, ChannelParams } from './pages.ts'
import { readVisitor } from './tokens.ts'

/** What a form adds to the file in it. */
const FORM_BYTES_MAX = 64 * 1024
const NAME_MAX = 400

type Params = { Params: { channel: string } }

/** `POST /webchat/:channel/files`: a visitor hands a file over, to be named in a message. */
export async function uploadRoutes(app: FastifyInstance, rooms: Rooms, limits: Limits): Promise<void> {
  await app.register(multipart, {
    // The parser reads a file that is too large to its end. The store does not, and is the first to find it so.
    limits: {
      fileSize: FILE_BYTES_MAX + FORM_BYTES_MAX,
      files: 1,
      fields: 4,
      fieldSize: 1_024,
      parts: 5,
      headerPairs: 64,
    },
  })
  const addressOf = createAddressOf(rooms.config.trustedProxies)
  app.options<Params>('/webchat/:channel/files', { schema: { hide: true } }, async (request, reply) => {
    allowOrigin(rooms, siteOf(rooms, request.params.channel), request, reply)
    return reply
      .headers({
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '7200',
      })
      .code(204)
      .send()
  })
  app.post<Params>(
    '/webchat/:channel/files',
    {
      bodyLimit: FILE_BYTES_MAX + FORM_BYTES_MAX,
      schema: {
        operationId: 'uploadForWebchat',
        summary: 'A file of a visitor: its id goes into a message',
        description: "With the visitor's token as Bearer. What the file is, its first bytes say.",
        tags: ['webchat'],
        security: [],
        consumes: ['multipart/form-data'],
        params: ChannelParams,
        response: { 201: UploadAnswer, ...problems(...PROBLEMS) },
      },
      // Before the body is read, and with nothing of it read where the answer is no.
      onRequest: async (request, reply) => {
        const site = siteOf(rooms, request.params.channel)
        allowOrigin(rooms, site, request, reply)
        checkLength(request, site)
      },
    },
    async (request, reply) => {
      const count = (result: string): void => rooms.metrics.webchatUploads.add([result])
      try {
        const site = siteOf(rooms, request.params.channel)
        const visitor = await visitorOf(rooms, site, request)
        const waitMs = limits.upload(addressOf(request.raw), visitor)
        if (waitMs > 0) throw tooMany(waitMs, 'files')
        const answer = await keep(rooms, site, visitor, request)
        count('stored')
        return await reply.code(201).send(answer)
      } catch (error) {
        count(error instanceof Problem ? error.code : 'failed')
        hangUpAfter(reply)
        throw error
      }
    },
  )
}

const UploadAnswer = Type.Object({
  id: Type.String(),
  mimeType: Type.String(),
  size: Type.Integer({ description: 'Bytes.' }),
  name: Type.Union([Type.String(), Type.Null()]),
})
const PROBLEMS = [
  'invalidInput',
  'unauthorized',
  'originRefused',
  'notFound',
  'tooLarge',
  'unsupportedMediaType',
  'tooManyRequests',
  'busy',
  'unavailable',
] as const

function bytesMaxOf({ config }: Site): number {
  return config.files?.bytesMax ?? FILE_BYTES_DEFAULT
}

function checkLength(request: FastifyRequest, site: Site): void {
  const told = Number(request.headers['content-length'] ?? 0)
  if (told <= bytesMaxOf(site) + FORM_BYTES_MAX) return
  throw tooLarge(site)
}

function tooLarge(site: Site): Problem {
  const max = bytesMaxOf(site)
  const detail = max === 0 ? 'This chat takes no files.' : `A file has at most ${max} bytes here.`
  return new Problem('tooLarge', detail, { headers: { connection: 'close' } })
}

/** The rest of a body that nobody wants is not waited for. */
function hangUpAfter(reply: FastifyReply): void {
  reply.header('connection', 'close')
}

async function visitorOf(rooms: Rooms, site: Site, request: FastifyRequest): Promise<string> {
  const text = bearerOf(request.headers.authorization) ?? ''
  const token = readVisitor(rooms.visitorKeys, site.id, text, rooms.clock.now())
  const who = token && (await knownAs(rooms, site, token))
  if (who !== undefined) return who.visitor
  throw new Problem('unauthorized', 'The token of a visitor is needed: Authorization: Bearer <token>.', {
    headers: { 'www-authenticate': 'Bearer' },
  })
}

async function keep(rooms: Rooms, site: Site, visitor: string, request: FastifyRequest): Promise<Uploaded> {
  const bytesMax = bytesMaxOf(site)
  const part = await request.file()
  if (part === undefined) throw invalidInput([{ field: 'file', message: 'is required' }])
  const bytes: AsyncIterator<Buffer> = part.file[Symbol.asyncIterator]()
  const head = await readHead(bytes, HEAD_BYTES)
  const told = { name: part.filename.slice(0, NAME_MAX), mimeType: part.mimetype }
  const kind = kindOf(head, told)
  if (kind === undefined) {
    throw new Problem(
      'unsupportedMediaType',
      'This kind of file is not taken, or it is not what its name says.',
    )
  }
  const { sha256, size } = await rooms.store
    .putFile(Readable.from(joined(head, bytes)), bytesMax)
    .catch((error: unknown) => {
      throw error instanceof FileTooLarge ? tooLarge(site) : error
    })
  const id = rooms.ids('fil', rooms.clock.now())
  const { mimeType } = kind
  const name = cleanName(told.name, kind)
  const upload = { channel: site.id, ref: visitor }
  const { outcomes } = await rooms.store.commit({
    workspace: site.workspace,
    changes: [{ kind: 'fileCreated', id, sha256, size, mimeType, name, upload }],
  })
  applied(outcomes[0])
  return { id, mimeType, size, name }
}
