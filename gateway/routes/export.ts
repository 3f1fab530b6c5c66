import { stringify } from 'csv-stringify/sync'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Contact } from '../../model/contact.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import { COLUMNS, joined, neutral } from '../../model/sheet.ts'
import { problems } from '../answers.ts'
import { sendCsv } from '../csv.ts'
import type { Rooms } from '../rooms.ts'
import { WorkspaceQuery } from '../schemas.ts'

const ExportQuery = Type.Object(
  {
    ...WorkspaceQuery.properties,
    plain: Type.Optional(
      Type.Boolean({ description: 'For programs: no apostrophe before what a spreadsheet would run.' }),
    ),
  },
  { additionalProperties: false },
)
type ExportQuery = Static<typeof ExportQuery>

/** Contacts of one read of the store: short, so that it holds nothing up (RULES A8). */
const PAGE_ROWS = 500

/** `/v1/contacts/export.csv`: people as an import takes them; to import it again changes nothing. */
export function exportRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: ExportQuery }>(
    '/v1/contacts/export.csv',
    {
      config: { may: 'bulk' },
      schema: {
        operationId: 'exportContacts',
        summary: 'All contacts as CSV, newest first',
        description:
          'The columns are those that an import finds by itself, so that the file can be changed and imported again. ' +
          'Groups are left out.',
        tags: ['contacts'],
        querystring: ExportQuery,
        response: {
          200: { description: 'A CSV.', type: 'string' },
          ...problems('invalidInput', 'unauthorized', 'forbidden', 'busy', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { workspace } = request.caller
      const shown = request.query.plain === true ? (text: string) => text : neutral
      return sendCsv(reply, 'contacts.csv', pagesOf(rooms, workspace, shown))
    },
  )
}

async function* pagesOf(
  { store }: Rooms,
  workspace: WorkspaceId,
  shown: (text: string) => string,
): AsyncGenerator<string> {
  const fields = (await store.query('fields', { workspace })).map(({ key }) => key)
  yield stringify([[...COLUMNS, ...fields.map(key => `fields.${key}`)]])
  for (let after: ContactId | undefined; ; ) {
    const page = { workspace, limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) }
    const contacts = await store.query('contacts', page)
    const people = contacts.filter(({ kind }) => kind === 'person')
    yield stringify(
      people.map(person => cellsOf(person, fields).map(shown)),
      { quoted_match: BREAKS },
    )
    if (contacts.length < PAGE_ROWS) return
    after = contacts.at(-1)?.id
  }
}

/** What a reader may take for the end of a row. */
const BREAKS = /[\r\n]/

function cellsOf(contact: Contact, fields: readonly string[]): string[] {
  const { id, name, phone, email, addresses, language, country, timeZone, tags } = contact
  const further = addresses.filter(
    ({ kind, value }) => !(kind === 'phone' && value === phone) && !(kind === 'email' && value === email),
  )
  return [
    ...[id, name, phone, email].map(text => text ?? ''),
    joined(further.map(({ kind, value }) => `${kind}:${value}`)),
    ...[language, country, timeZone].map(text => text ?? ''),
    joined(tags),
    ...fields.map(key => String(contact.fields[key] ?? '')),
  ]
}
