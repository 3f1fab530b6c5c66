import type { FastifyInstance } from 'fastify'
import { pageOf, problems, TemplateAnswer } from '../answers.ts'
import { readPage } from '../paging.ts'
import type { Rooms } from '../rooms.ts'
import { type TemplatesQuery as Query, TemplatesQuery } from '../schemas.ts'

/** `/v1/templates`: what providers told of the templates that channels may send. */
export function templateRoutes(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: Query }>(
    '/v1/templates',
    {
      config: { may: 'read' },
      schema: {
        operationId: 'listTemplates',
        summary: 'Templates of channels, newest first',
        description:
          'As the providers told of them last, each in each of its languages. ' +
          '`POST /v1/channels/:id/check` asks for all of a channel again.',
        tags: ['channels'],
        querystring: TemplatesQuery,
        response: {
          200: pageOf(TemplateAnswer),
          ...problems('invalidInput', 'unauthorized', 'forbidden', 'busy', 'unavailable'),
        },
      },
    },
    async request => {
      const { workspace } = request.caller
      const { workspace: _named, limit: _limit, after: _after, ...filters } = request.query
      return readPage('tpl', request.query, page =>
        rooms.store.query('templates', { ...(filters as object), ...page, workspace }),
      )
    },
  )
}
