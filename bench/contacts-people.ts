import { idMaker, type TagId, type WorkspaceId } from '../model/ids.ts'
import { systemRandom } from '../model/random.ts'
import type { Rows } from '../store/rows.ts'
import { valuesOf } from '../store/sql.ts'
import { TABLES } from '../store/tables.ts'
import { termsOf } from '../store/terms.ts'
import type { Depot } from '../store/transfer/depot.ts'

/** People by the million, straight into the tables: names, phones, tags and fields as uneven as they are in life. */
const DAY_MS = 86_400_000
/** Shares of all people that have each tag. */
const SHARES = [0.4, 0.1, 0.03, 0.01, 0.001, 0.0001]

export type Crowd = { workspace: WorkspaceId; tags: TagId[]; now: number }

const newId = idMaker(systemRandom)

export async function fill(depot: Depot, people: number): Promise<Crowd> {
  const now = Date.now()
  const workspace = newId('wks', now)
  const tags = SHARES.map(() => newId('tag', now))
  await write(depot, 'workspaces', [
    { id: workspace, name: 'Bench', head: 0, createdAt: now, trimmed: 0, lastWithdrawal: 0 },
  ])
  await write(
    depot,
    'tags',
    tags.map((id, at) => ({ workspace, id, name: `tag ${at}`, createdAt: now })),
  )
  await write(depot, 'fields', [
    {
      workspace,
      key: 'plan',
      title: 'Plan',
      type: 'list',
      options: ['basic', 'gold', 'vip'],
      createdAt: now,
    },
    { workspace, key: 'city', title: 'City', type: 'text', options: null, createdAt: now },
    { workspace, key: 'score', title: 'Score', type: 'number', options: null, createdAt: now },
  ])
  const next = personMaker(workspace, tags, now)
  for (let done = 0; done < people; done += 5_000) {
    const some = Array.from({ length: Math.min(5_000, people - done) }, next)
    await write(depot, 'contacts', some)
  }
  return { workspace, tags, now }
}

async function write<T extends keyof Rows>(depot: Depot, table: T, rows: Partial<Rows[T]>[]): Promise<void> {
  const fields = Object.keys(TABLES[table].columns)
  await depot.write({ table, fields, rows: rows.map(row => valuesOf(table, row)), marks: {} })
}

function personMaker(workspace: WorkspaceId, tags: readonly TagId[], now: number): () => Rows['contacts'] {
  const random = seeded(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(list.length * random() ** 2)] as T
  const made = (syllables: number): string =>
    Array.from({ length: syllables }, () => pick(SYLLABLES)).join('')
  const [first, last, cities] = [600, 4_000, 300].map(count => Array.from({ length: count }, () => made(3)))
  const digits = (): string => String(Math.floor(random() * 1e10)).padStart(10, '0')
  return () => {
    const name = `${pick(first ?? [])} ${pick(last ?? [])} ${pick(last ?? [])}`
    const phone = `+${pick(['57', '521', '34', '55'])}${digits()}`
    const email = `${name.split(' ').slice(0, 2).join('.')}${Math.floor(random() * 100)}@${pick(DOMAINS)}`
    const seenAt = random() < 0.7 ? now - Math.floor(random() ** 2 * 700 * DAY_MS) : null
    const plan = random() < 0.6 ? 'basic' : random() < 0.7 ? 'gold' : 'vip'
    const contact: Rows['contacts'] = {
      ...{ workspace, id: newId('ctc', now), kind: 'person', name, source: 'import', mergedInto: null },
      addresses: [
        { kind: 'phone', value: phone },
        { kind: 'email', value: email },
      ],
      ...{ conversations: 0, lastChannel: null, reach: [], createdAt: now, updatedAt: now, menu: null },
      ...{
        language: 'es',
        country: 'CO',
        timeZone: null,
        seenAt,
        deletedAt: null,
        consent: {},
        family: [],
        terms: '',
      },
      tags: tags.filter((_, at) => random() < (SHARES[at] ?? 0)),
      fields: { plan, city: pick(cities ?? []), score: Math.floor(random() * 1_000) },
    }
    return { ...contact, terms: termsOf(contact) }
  }
}

const SYLLABLES =
  'ma ri jo se lu an na ca ro fe li pe dro go la ra du be to so fi gu mo cha va les qui te za'.split(' ')
const DOMAINS = ['gmail.com', 'hotmail.com', 'outlook.com', 'empresa.co']

/** The same people every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
