import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { problems } from '../answers.ts'
import { type Document, renderPage } from '../docs/docs.ts'
import { notFound } from '../problem.ts'
import type { Rooms } from '../rooms.ts'

/** Everything comes from the daemon, and nothing is written into the page that runs or paints by itself. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FILES: Readonly<Record<string, string>> = {
  'page.css': 'text/css; charset=utf-8',
  'search.js': 'text/javascript; charset=utf-8',
}

const FILE = {
  operationId: 'docsFile',
  summary: 'Its style and its script',
  tags: ['operating'],
  security: [],
  params: Type.Object({ file: Type.String() }),
  response: { 200: { description: 'CSS or JavaScript.', type: 'string' }, ...problems('notFound') },
}

/** `/docs`: the API as a page, made from `/openapi.json`. */
export function docsRoutes(app: FastifyInstance, rooms: Rooms): void {
  let page: string | undefined
  app.get(
    '/docs',
    {
      schema: {
        operationId: 'docs',
        summary: 'This page',
        tags: ['operating'],
        security: [],
        response: { 200: { description: 'HTML.', content: { 'text/html': { schema: { type: 'string' } } } } },
      },
    },
    async (_request, reply) => {
      page ??= renderPage(app.swagger() as unknown as Document, rooms.publicUrl())
      return guarded(reply).type('text/html; charset=utf-8').send(page)
    },
  )
  app.get<{ Params: { file: string } }>('/docs/:file', { schema: FILE }, async (request, reply) => {
    const { file } = request.params
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined
    if (type === undefined) throw notFound('file')
    return guarded(reply)
      .type(type)
      .send(await readFile(new URL(`../docs/${file}`, import.meta.url)))
  })
}

function guarded(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  })
}
