import { Readable } from 'node:stream'
import multipart, { type Multipart } from '@fastify/multipart'
import { stringify } from 'csv-stringify/sync'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Change } from '../../model/change.ts'
import { type ImportId, isId, type WorkspaceId } from '../../model/ids.ts'
import type { Import, ImportPlan, Reject } from '../../model/import.ts'
import { neutral, plain } from '../../model/sheet.ts'
import { HEAD_BYTES } from '../../queue/csv/detect.ts'
import { recordsOf } from '../../queue/csv/records.ts'
import { pageOf, problems } from '../answers.ts'
import { sendCsv } from '../csv.ts'
import { joined, readHead } from '../head.ts'
import { readPage } from '../paging.ts'
import { hashOfImport, planOf, readOptions } from '../people/import-plan.ts'
import { ImportAnswer } from '../people/import-schemas.ts'
import { applied, invalidInput, notFound, Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { IdParams, PageQuery, WorkspaceQuery } from '../schemas.ts'

const tags = ['contacts']
const COMMON = ['unauthorized', 'forbidden', 'busy', 'unavailable'] as const

/** A million people with a dozen columns have some 200 MB. */
const IMPORT_BYTES_MAX = 512 * 1024 * 1024
const OPTIONS_MAX = 64 * 1024
const NAME_MAX = 255
/** What browsers and systems call a CSV. */
const CSV_TYPES = [
  ...['text/csv', 'application/csv', 'text/plain', 'text/tab-separated-values'],
  ...['application/vnd.ms-excel', 'application/octet-stream'],
]

/** `/v1/contacts/import` and `/v1/contacts/imports`: contacts out of files. */
export async function importRoutes(app: FastifyInstance, rooms: Rooms): Promise<void> {
  await app.register(multipart, {
    limits: {
      fileSize: IMPORT_BYTES_MAX + 1,
      ...{ files: 1, fields: 4, fieldSize: OPTIONS_MAX, parts: 5, headerPairs: 64 },
    },
  })
  app.addContentTypeParser(CSV_TYPES, (_request, payload, done) => done(null, payload))
  startRoute(app, rooms)
  listRoutes(app, rooms)
  rejectsRoute(app, rooms)
  cancelRoute(app, rooms)
}

function startRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Querystring: { options?: string; name?: string } }>(
    '/v1/contacts/import',
    {
      bodyLimit: IMPORT_BYTES_MAX + OPTIONS_MAX,
      config: { may: 'bulk' },
      schema: {
        operationId: 'importContacts',
        summary: 'Make and update contacts out of a CSV: curl -F file=@people.csv',
        description:
          'The file as a form, with its field `options` before it, or as the body itself (text/csv), with ' +
          '`options` in the query. Who is found by phone, e-mail or another address is updated; empty cells ' +
          'change nothing. The same file read in the same way answers with its first import, as 200.',
        tags,
        consumes: ['multipart/form-data'],
        querystring: Type.Object(
          {
            ...WorkspaceQuery.properties,
            options: Type.Optional(
              Type.String({ maxLength: OPTIONS_MAX, description: 'As JSON; see docs/people.md.' }),
            ),
            name: Type.Optional(Type.String({ maxLength: NAME_MAX, description: 'Of the file.' })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: ImportAnswer,
          202: ImportAnswer,
          ...problems('invalidInput', 'tooLarge', 'unsupportedMediaType', ...COMMON),
        },
      },
    },
    async (request, reply) => {
      const { import: found, isNew } = await start(rooms, request, await uploadOf(request))
      return reply
        .code(isNew ? 202 : 200)
        .header('location', `/v1/contacts/imports/${found.id}`)
        .send(found)
    },
  )
}

type Upload = {
  bytes: Readable
  options: string | undefined
  name: string | undefined
  /** Whether there were options behind the file, which was read without them by then. */
  isLate: () => Promise<boolean>
}

/** @throws Problem for what is neither a form with a file nor a file */
async function uploadOf(
  request: FastifyRequest<{ Querystring: { options?: string; name?: string } }>,
): Promise<Upload> {
  const { query } = request
  if (!request.isMultipart()) {
    if (!(request.body instanceof Readable)) {
      throw new Problem(
        'unsupportedMediaType',
        'Send the file as text/csv, or as the field `file` of a form.',
      )
    }
    return { bytes: request.body, options: query.options, name: query.name, isLate: async () => false }
  }
  const parts = request.parts()
  let told: string | undefined
  for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
    const part = next.value
    if (part.type === 'field') {
      if (part.fieldname === 'options') told = String(part.value)
      continue
    }
    const name = part.filename === '' ? query.name : part.filename
    return { bytes: part.file, options: told ?? query.options, name, isLate: () => hasOptions(parts) }
  }
  throw invalidInput([{ field: 'file', message: 'is required' }])
}

async function hasOptions(parts: AsyncIterableIterator<Multipart>): Promise<boolean> {
  let found = false
  for await (const part of parts) {
    if (part.type === 'file') part.file.resume()
    else found ||= part.fieldname === 'options'
  }
  return found
}

async function start(
  rooms: Rooms,
  request: FastifyRequest,
  { bytes, options: told, name, isLate }: Upload,
): Promise<{ import: Import; isNew: boolean }> {
  const { store, ids, clock } = rooms
  const { workspace, token } = request.caller
  const options = readOptions(told)
  const rest: AsyncIterator<Buffer> = bytes[Symbol.asyncIterator]()
  const head = await readHead(rest, HEAD_BYTES)
  const fields = await store.query('fields', { workspace })
  const plan = planOf(head, head.length < HEAD_BYTES, options, fields)
  const { sha256, size } = await store.putFile(Readable.from(joined(head, rest)), IMPORT_BYTES_MAX)
  const now = clock.now()
  const file = { id: ids('fil', now), sha256, size, name: name?.slice(0, NAME_MAX) ?? null }
  const started: Change = {
    kind: 'importStarted',
    ...{ id: ids('imp', now), file, plan, by: token },
    hash: hashOfImport(sha256, plan),
    again: options.again ?? false,
  }
  const why = 'its options came after the file'
  const end: Change = { kind: 'importEnded', import: started.id, as: 'failed', why }
  // The bytes are there already: they have to be somebody's, for them to be removed.
  const isTooLate = await isLate()
  const changes = isTooLate ? [{ ...started, again: true }, end] : [started]
  const { outcomes } = await store.commit({ workspace, changes })
  if (isTooLate) throw invalidInput([{ field: 'options', message: 'must come before the file' }])
  const { id, duplicate } = applied(outcomes[0])
  return { import: await importOf(rooms, workspace, id ?? ''), isNew: duplicate !== true }
}

function listRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: PageQuery }>(
    '/v1/contacts/imports',
    {
      config: { may: 'bulk' },
      schema: {
        operationId: 'listImports',
        summary: 'Imports of contacts, newest first',
        tags,
        querystring: PageQuery,
        response: { 200: pageOf(ImportAnswer), ...problems('invalidInput', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      return readPage('imp', request.query, page => rooms.store.query('imports', { ...page, workspace }))
    },
  )
  app.get<{ Params: { id: string } }>(
    '/v1/contacts/imports/:id',
    {
      config: { may: 'bulk' },
      schema: {
        operationId: 'getImport',
        summary: 'How far an import is, and which rows it left out',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ImportAnswer, ...problems('notFound', ...COMMON) },
      },
    },
    async request => importOf(rooms, request.caller.workspace, request.params.id),
  )
}

function cancelRoute(app: FastifyInstance, rooms: Rooms): void {
  app.post<{ Params: { id: string } }>(
    '/v1/contacts/imports/:id/cancel',
    {
      config: { may: 'bulk' },
      schema: {
        operationId: 'cancelImport',
        summary: 'Leave the rest of a file; what was read stays',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: ImportAnswer, ...problems('notFound', 'state', ...COMMON) },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { id } = await importOf(rooms, workspace, request.params.id)
      const { outcomes } = await rooms.store.commit({
        workspace,
        changes: [{ kind: 'importEnded', import: id, as: 'cancelled' }],
      })
      applied(outcomes[0])
      return importOf(rooms, workspace, id)
    },
  )
}

function rejectsRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Params: { id: string } }>(
    '/v1/contacts/imports/:id/rejects',
    {
      config: { may: 'bulk' },
      schema: {
        operationId: 'readImportRejects',
        summary: 'The rows that were left out, as CSV: to correct and import again',
        tags,
        params: IdParams,
        querystring: WorkspaceQuery,
        response: { 200: { description: 'A CSV.', type: 'string' }, ...problems('notFound', ...COMMON) },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const found = await importOf(rooms, workspace, request.params.id)
      return sendCsv(reply, `rejects-${found.id}.csv`, rejectPages(rooms, workspace, found))
    },
  )
}

const PAGE_ROWS = 500

/** Where and why, then the columns of the file; the raw text instead, of what could not be cut into cells. */
async function* rejectPages(
  { store }: Rooms,
  workspace: WorkspaceId,
  { id, columns, separator }: Import,
): AsyncGenerator<string> {
  yield stringify([['line', 'code', 'column', 'detail', 'raw', ...columns.map(({ column }) => column)]])
  for (let after = 0; ; ) {
    const page = await store.query('importRejects', { workspace, import: id, after, limit: PAGE_ROWS })
    yield stringify(page.map(reject => rejectRow(reject, separator)))
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    after = last.line
  }
}

function rejectRow(
  { line, code, column, detail, raw }: Reject,
  separator: ImportPlan['separator'],
): string[] {
  const [record] = recordsOf([{ line, text: raw }], separator)
  const isWhole = record?.fault === undefined && code !== 'tooLong' && code !== 'openQuote'
  const cells = isWhole ? (record?.cells ?? []) : []
  return [
    ...[String(line), code, column ?? '', detail, isWhole ? '' : raw].map(neutral),
    ...cells.map(cell => neutral(plain(cell))),
  ]
}

async function importOf({ store }: Rooms, workspace: WorkspaceId, id: string): Promise<Import> {
  const found = isId('imp', id) ? await store.query('import', { workspace, id: id as ImportId }) : null
  if (found === null) throw notFound('import')
  return found
}
