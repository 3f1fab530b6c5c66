import { stringify } from 'csv-stringify/sync'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Contact } from '../../model/contact.ts'
import type { ContactId, WorkspaceId } from '../../model/ids.ts'
import { COLUMNS, joined, neutral } from '../../model/sheet.ts'
import type { Test } from '../../store/found/test.ts'
import { problems } from '../answers.ts'
import { sendCsv } from '../csv.ts'
import { ContactsQuery } from '../people/filter-body.ts'
import { parsedFilter, testOf } from '../people/finding.ts'
import type { Rooms } from '../rooms.ts'
import { optional, strict } from '../shapes.ts'

const { workspace, q, filter } = ContactsQuery.properties
const ExportQuery = strict({
  ...{ workspace, q, filter },
  plain: optional(
    Type.Boolean({ description: 'For programs: no apostrophe before what a spreadsheet would run.' }),
  ),
})
type ExportQuery = Static<typeof ExportQuery>

/** Contacts of one read of the store, and how many are looked at for them: short, to hold nothing up (RULES A8). */
const PAGE_ROWS = 500
const LOOKED_AT = 5_000

/** `/v1/contacts/export.csv`: people as an import takes them; to import it again changes nothing. */
export function exportRoute(app: FastifyInstance, rooms: Rooms): void {
  app.get<{ Querystring: ExportQuery }>(
    '/v1/contacts/export.csv',
    {
      config: { may: 'bulk' },
      schema: {
        operationId: 'exportContacts',
        summary: 'Contacts as CSV, newest first: all, or those that a search or a filter finds',
        description:
          'The columns are those that an import finds by itself, so that the file can be changed and ' +
          'imported again. Groups are left out.',
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
      const { q, filter, plain } = request.query
      const test = await testOf(rooms, workspace, { q, filter: parsedFilter(filter) })
      const shown = plain === true ? (text: string) => text : neutral
      return sendCsv(reply, 'contacts.csv', pagesOf(rooms, workspace, test, shown))
    },
  )
}

async function* pagesOf(
  { store, clock }: Rooms,
  workspace: WorkspaceId,
  test: Test,
  shown: (text: string) => string,
): AsyncGenerator<string> {
  const fields = (await store.query('fields', { workspace })).map(({ key }) => key)
  yield stringify([[...COLUMNS, ...fields.map(key => `fields.${key}`)]])
  const asked = { workspace, test, now: clock.now(), rows: LOOKED_AT, limit: PAGE_ROWS }
  for (let at: ContactId | null | undefined; at !== null; ) {
    const page: { contacts: Contact[]; at: ContactId | null } = await store.query(
      'contactsRead',
      at === undefined ? asked : { ...asked, after: at },
    )
    const people = page.contacts.filter(({ kind }) => kind === 'person')
    yield stringify(
      people.map(person => cellsOf(person, fields).map(shown)),
      { quoted_match: BREAKS },
    )
    at = page.at
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
