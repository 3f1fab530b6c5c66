import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { type FileId, isId, type WorkspaceId } from '../../model/ids.ts'
import { REMOVED } from '../../store/drop.ts'
import { FileMissing, type StoredFile } from '../../store/store.ts'
import { FileAnswer, problems } from '../answers.ts'
import { isSigned, signLink } from '../links.ts'
import { applied, invalidInput, notFound, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, WorkspaceQuery } from '../schemas.ts'

const tags = ['files']
const COMMON = ['unauthorized', 'forbidden', 'busy', 'unavailable'] as const

const FILE_BYTES_MAX = 100 * 1024 * 1024
const NAME_MAX = 255

/** `/v1/files`: upload, and the way to a short-lived link. */
export async function fileRoutes(app: FastifyInstance, rooms: Rooms): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: FILE_BYTES_MAX, files: 1, fields: 8, fieldSize: 1_024, parts: 9, headerPairs: 64 },
  })
  uploadRoute(app, rooms)
  linkRoute(app, rooms)
}

function uploadRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post(
    '/v1/files',
    {
      bodyLimit: FILE_BYTES_MAX + 64 * 1024,
      config: { may: 'work' },
      schema: {
        operationId: 'uploadFile',
        summary: 'Keep a file to send it: curl -F file=@photo.jpg',
        tags,
        consumes: ['multipart/form-data'],
        querystring: WorkspaceQuery,
        response: {
          201: FileAnswer,
          ...problems('invalidInput', 'tooLarge', 'unsupportedMediaType', ...COMMON),
        },
      },
    },
    async (request, reply) => {
      const part = await request.file()
      if (part === undefined) throw invalidInput([{ field: 'file', message: 'is required' }])
      const { sha256, size } = await rooms.store.putFile(part.file, FILE_BYTES_MAX)
      if (part.file.truncated) throw new Problem('tooLarge', 'The file is larger than 100 MB.')
      const id = rooms.ids('fil', rooms.clock.now())
      const name = part.filename === '' ? null : part.filename.slice(0, NAME_MAX)
      const mimeType = part.mimetype
      const { workspace } = request.caller
      const { outcomes } = await rooms.store.commit({
        workspace,
        changes: [{ kind: 'fileCreated', id, sha256, size, mimeType, name }],
      })
      applied(outcomes[0])
      return reply.code(201).send({ id, url: `/v1/files/${id}`, mimeType, size, name, sha256 })
    },
  )
}

function linkRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string } }>(
    '/v1/files/:id',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'getFile',
        summary: 'Redirects to a link that works without a token for five minutes',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: {
          302: { description: 'The link is in Location.', type: 'null' },
          ...problems('notFound', 'gone', 'fileNotStored', ...COMMON),
        },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const file = await fileOf(rooms, workspace, request.params.id)
      return reply.redirect(signLink(rooms.linkKeys, { workspace, id: file.id }, rooms.clock.now()), 302)
    },
  )
}

/** `/files/:id`: the file itself, for who holds a signed link. */
export function fileLinkRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string }; Querystring: Record<string, string> }>(
    '/files/:id',
    {
      schema: {
        operationId: 'readFile',
        summary: 'A file by its signed link',
        tags,
        security: [],
        params: IdParams,
        querystring: Type.Object({
          workspace: Type.String(),
          expires: Type.String(),
          signature: Type.String(),
        }),
        response: {
          200: { description: 'The bytes.', type: 'string' },
          ...problems('forbidden', 'notFound', 'gone'),
        },
      },
    },
    async (request, reply) => {
      const { workspace = '', expires = '', signature = '' } = request.query
      const { id } = request.params
      if (!isSigned(rooms.linkKeys, { workspace, id, expires, signature }, rooms.clock.now())) {
        throw new Problem('forbidden', 'The link has expired or was changed.')
      }
      return sendFile(rooms, reply, await fileOf(rooms, workspace as WorkspaceId, id))
    },
  )
}

async function fileOf({ store }: Rooms, workspace: WorkspaceId, id: string): Promise<StoredFile> {
  const file = isId('fil', id) ? await store.query('file', { workspace, id: id as FileId }) : null
  if (file === null || file.state === 'deleted') throw notFound('file')
  if (file.state === 'stored') return file
  if (file.why === REMOVED) throw new Problem('gone', 'The file is not kept any more.')
  if (file.state === 'failed') throw notFound(`file: it could not be fetched (${file.why ?? 'unknown'})`)
  throw new Problem('fileNotStored', 'The file is still being fetched.', { retryAfterS: 2 })
}

/** What a browser may show in place. Everything else is saved: HTML and SVG would run as our own pages. */
const SHOWN = /^(image\/(jpeg|png|gif|webp|avif|heic)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf)$/
const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+$/

async function sendFile({ store }: Rooms, reply: FastifyReply, file: StoredFile): Promise<FastifyReply> {
  const bare = file.mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  const disposition = SHOWN.test(bare) ? 'inline' : 'attachment'
  const name = encodeURIComponent(file.name ?? file.id).replace(/['()*]/g, percent)
  reply.headers({
    'content-type': MIME_TYPE.test(bare) ? bare : 'application/octet-stream',
    'content-disposition': `${disposition}; filename*=UTF-8''${name}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, max-age=300',
    ...(file.size === null ? {} : { 'content-length': file.size }),
  })
  try {
    return reply.send(await store.readFile(file.sha256 ?? ''))
  } catch (error) {
    if (error instanceof FileMissing) throw notFound('file')
    throw error
  }
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
