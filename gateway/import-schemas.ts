import { type Static, type TSchema, Type } from 'typebox'
import { IMPORT_MATCHES, IMPORT_STATES, REJECT_CODES } from '../model/import.ts'
import { ENCODINGS } from '../queue/csv/decode.ts'
import { id, time } from './schemas.ts'

/** What an import takes and shows, in schemas (see `schemas.ts`). */

const optional = Type.Optional
const words = <T extends string>(values: readonly T[]) => Type.Enum([...values])
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const one = Type.String({ minLength: 1, maxLength: 1 })
const word = Type.String({ minLength: 1, maxLength: 64 })
const yes = (description: string) => optional(Type.Boolean({ description }))

/** As JSON: the field `options` of a form, or of the query. */
export const ImportOptions = Type.Object(
  {
    columns: optional(
      Type.Record(Type.String({ maxLength: 1_000 }), Type.String({ maxLength: 64 }), {
        description:
          'What each column is, by its name in the first row or its number from 1: name, phone, email, addresses, ' +
          'telegram and so on, language, country, timeZone, tags, fields.<key>, id or ignore. The others are ignored. ' +
          'If absent, they are found by their names.',
      }),
    ),
    match: optional(words(IMPORT_MATCHES)),
    defaults: optional(
      Type.Object(
        {
          tags: optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 50 })),
          language: optional(word),
          country: optional(word),
          timeZone: optional(word),
        },
        { additionalProperties: false },
      ),
    ),
    separator: optional(one),
    tagSeparator: optional(one),
    encoding: optional(words(ENCODINGS)),
    header: yes('Whether the first row names the columns; true if absent.'),
    checkPhones: yes('Refuse numbers that are too long or too short for their country; true if absent.'),
    dryRun: yes('Read and count everything, and touch no contact.'),
    again: yes('Import the same file once more.'),
  },
  { additionalProperties: false },
)
export type ImportOptions = Static<typeof ImportOptions>

const counts = Type.Object({
  read: Type.Integer(),
  created: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  rejected: Type.Integer(),
  repeated: Type.Integer({ description: 'An earlier row had the same key; counted among the others too.' }),
})
const error = Type.Object({
  line: Type.Integer({ description: 'Of the file, from 1.' }),
  code: words(REJECT_CODES),
  column: nullable(Type.String()),
  detail: Type.String(),
})

export const ImportAnswer = Type.Object(
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
    columns: Type.Array(Type.Object({ column: Type.String(), to: Type.String() })),
    encoding: words(ENCODINGS),
    separator: Type.String(),
    createdBy: nullable(id('tok')),
    createdAt: time,
    startedAt: nullable(time),
    endedAt: nullable(time),
  },
  { description: 'An import of contacts.' },
)
