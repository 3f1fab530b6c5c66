import { type Static, Type } from 'typebox'
import { NAME_MAX } from '../../model/contact.ts'
import { IMPORT_MATCHES, IMPORT_STATES, REJECT_CODES } from '../../model/import.ts'
import { ENCODINGS } from '../../queue/csv/decode.ts'
import { id, nullable, open, optional, short, strict, time, words } from '../shapes.ts'

/** What an import takes and shows, in schemas (see `../schemas.ts`). */

const yes = (description: string) => optional(Type.Boolean({ description }))

/** As JSON: the field `options` of a form, or of the query. */
export const ImportOptions = strict({
  columns: optional(
    Type.Record(Type.String({ maxLength: 1_000 }), Type.String({ maxLength: 64 }), {
      description:
        'What each column is, by its name in the first row or its number from 1: name, phone, email, ' +
        'addresses, telegram and so on, language, country, timeZone, tags, fields.<key>, id or ignore. ' +
        'The others are ignored. If absent, they are found by their names.',
    }),
  ),
  match: optional(words(IMPORT_MATCHES)),
  defaults: optional(
    strict({
      tags: optional(Type.Array(short(NAME_MAX), { maxItems: 50 })),
      language: optional(short(64)),
      country: optional(short(64)),
      timeZone: optional(short(64)),
    }),
  ),
  separator: optional(short(1)),
  tagSeparator: optional(short(1)),
  encoding: optional(words(ENCODINGS)),
  header: yes('Whether the first row names the columns; true if absent.'),
  checkPhones: yes('Refuse numbers that are too long or too short for their country; true if absent.'),
  dryRun: yes('Read and count everything, and touch no contact.'),
  again: yes('Import the same file once more.'),
})
export type ImportOptions = Static<typeof ImportOptions>

const counts = open({
  read: Type.Integer(),
  created: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  rejected: Type.Integer(),
  repeated: Type.Integer({ description: 'An earlier row had the same key; counted among the others too.' }),
})
const error = open({
  line: Type.Integer({ description: 'Of the file, from 1.' }),
  code: words(REJECT_CODES),
  column: nullable(Type.String()),
  detail: Type.String(),
})

export const ImportAnswer = open(
  {
    id: id('imp'),
    workspace: id('wks'),
    state: words(IMPORT_STATES),
    why: nullable(Type.String({ description: 'Why it failed.' })),
    name: nullable(Type.String({ description: 'Of the file.' })),
    size: Type.Integer({ description: 'Of the file, in bytes.' }),
    dryRun: Type.Boolean(),
    progress: Type.Number({ description: 'The share of the file that was read, from 0 to 1.' }),
    rows: counts,
    errors: Type.Array(error, { description: 'The first rows that were left out.' }),
    columns: Type.Array(open({ column: Type.String(), to: Type.String() })),
    encoding: words(ENCODINGS),
    separator: Type.String(),
    createdBy: nullable(id('tok')),
    createdAt: time,
    startedAt: nullable(time),
    endedAt: nullable(time),
  },
  'An import of contacts.',
)
