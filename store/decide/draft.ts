import { rfc3339 } from '../../model/clock.ts'
import type { EventType, LogEvent } from '../../model/event.ts'
import type { Id, IdMaker, Prefix, WorkspaceId } from '../../model/ids.ts'
import type { Pseudonym } from '../pseudonym.ts'
import type { Rows } from '../rows.ts'
import { TABLES, type TableName } from '../tables.ts'
import { keptWithContacts } from './contact-events.ts'
import { type Key, keyOf, nameOf, restOf } from './key.ts'

/**
 * The rows of one group while it is decided. It starts empty: `want` names the rows that a change needs, the engine
 * brings them in bulk, then the changes are folded, each seeing what those before it wrote (RULES A2). At the end it
 * holds exactly what must be written.
 *
 * A row is unknown (never asked), asked, or known; a known one is absent or present, and clean or dirty. Deciding on
 * a row that was asked for and not brought is impossible: it is thrown at once.
 */
export class Draft {
  readonly now: number
  /** What an address is called where it must not be told. */
  readonly pseudonym: Pseudonym
  readonly events: LogEvent[] = []
  /** Sender groups that may have something to send now. */
  readonly work = new Set<string>()
  readonly #tables: { [T in TableName]?: Map<string, Map<string, Entry<T>>> } = {}
  /** Rows that nobody reads again within the group. */
  readonly #appended: { [T in TableName]?: Rows[T][] } = {}
  readonly #load: LoadNow | undefined
  readonly #loadRaisable: ((scope: RaisableScope) => Rows['messages'][]) | undefined
  readonly #raisable = new Map<string, Rows['messages'][]>()
  #askedRaisable: RaisableScope[] = []
  readonly #makeId: IdMaker
  /** Ids made here: no row that carries one can be in the database. */
  readonly #born = new Set<string | undefined>()
  #asked: Asked[] = []
  #folding = false

  /**
   * `load` brings a row at once; an engine that can only load in bulk leaves it out, and calls `asked` and `bring`
   * in rounds.
   */
  constructor(options: {
    now: number
    newId: IdMaker
    pseudonym: Pseudonym
    load?: LoadNow
    raisable?: (scope: RaisableScope) => Rows['messages'][]
  }) {
    this.now = options.now
    this.pseudonym = options.pseudonym
    this.#makeId = options.newId
    this.#load = options.load
    this.#loadRaisable = options.raisable
  }

  newId<P extends Prefix>(prefix: P): Id<P> {
    const id = this.#makeId(prefix, this.now)
    this.#born.add(id)
    return id
  }

  /**
   * From now on nothing can be asked for. Rarely a change makes the next one want a row that nobody could foresee
   * (an address that just moved to another contact): an engine that loads in bulk gets `NotLoaded`, brings the row
   * and folds again from a fresh draft.
   */
  fold(): void {
    this.#folding = true
  }

  /** The row if it is known by now, and otherwise asked for: the caller is called again when it was brought. */
  want<T extends TableName>(table: T, ...key: Key): Rows[T] | undefined {
    const entry = this.#find(table, key)
    if (entry !== undefined) return entry.row
    const born = this.#isBorn(key)
    if (this.#folding && !born && this.#load === undefined) throw new NotLoaded(table, key)
    if (born || this.#load !== undefined) {
      const row = born ? undefined : this.#load?.(table, key)
      this.#set(table, { key, row, stored: row !== undefined, dirty: false, asked: false })
      return row
    }
    this.#set(table, { key, row: undefined, stored: false, dirty: false, asked: true })
    this.#asked.push({ table, key })
    return undefined
  }

  /** What was wanted and not brought yet; an engine loads it, calls `bring` for what it found, then `settle`. */
  asked(): Asked[] {
    const asked = this.#asked
    this.#asked = []
    return asked
  }

  /** The row that a key asked for. A database may spell the key otherwise, where it holds what is no Unicode text. */
  bring<T extends TableName>(table: T, key: Key, row: Rows[T]): void {
    const entry = this.#find(table, key)
    if (entry?.asked) Object.assign(entry, { row, stored: true })
  }

  /** The same for what watermarks raise. */
  askedRaisable(): RaisableScope[] {
    const asked = this.#askedRaisable
    this.#askedRaisable = []
    return asked
  }

  bringRaisable(scope: RaisableScope, rows: Rows['messages'][]): void {
    this.#raisable.set(nameOfScope(scope), rows)
  }

  /** Everything asked for was looked up; what was not brought does not exist. */
  settle(asked: readonly Asked[]): void {
    for (const { table, key } of asked) {
      const entry = this.#find(table, key)
      if (entry !== undefined) entry.asked = false
    }
  }

  /**
   * Outbound messages to an address that a watermark may raise, newest first: sent or received, made up to `clock`
   * (RULES D5). At most `RAISED_MAX` of them.
   */
  wantRaisable(scope: RaisableScope): Rows['messages'][] {
    const rows = this.#loadRaisable?.(scope) ?? this.#raisable.get(nameOfScope(scope))
    if (rows === undefined) this.#askedRaisable.push(scope)
    return (rows ?? []).map(row => {
      const key = keyOf('messages', row)
      const known = this.#find('messages', key)?.row
      if (known !== undefined) return known
      this.#set('messages', { key, row, stored: true, dirty: false, asked: false })
      return row
    })
  }

  /** A row that was wanted before. @throws NotLoaded */
  get<T extends TableName>(table: T, ...key: Key): Rows[T] | undefined {
    return this.#known(table, key).row
  }

  /** A row that cannot exist yet, because its key was just made. */
  insert<T extends TableName>(table: T, row: Rows[T]): void {
    this.#set(table, { key: keyOf(table, row), row, stored: false, dirty: true, asked: false })
  }

  /** Inserts a row that no later change of the group will ask for; cheaper, because it is not found again. */
  append<T extends TableName>(table: T, row: Rows[T]): void {
    const rows = (this.#appended[table] ?? []) as Rows[T][]
    rows.push(row)
    ;(this.#appended as Record<string, unknown>)[table] = rows
  }

  /** What was appended can be read and written after all, as if it had been inserted. Rare: it is looked for. */
  recall<T extends TableName>(table: T, ...key: Key): void {
    const rows = (this.#appended[table] ?? []) as Rows[T][]
    const index = rows.findIndex(row => nameOf(keyOf(table, row)) === nameOf(key))
    const [row] = index === -1 ? [] : rows.splice(index, 1)
    if (row !== undefined) this.insert(table, row)
  }

  /** Writes a whole row, new or changed, whose key was wanted before. @throws NotLoaded */
  put<T extends TableName>(table: T, row: Rows[T]): void {
    const entry = this.#known(table, keyOf(table, row))
    entry.row = row
    entry.dirty = true
  }

  /** @throws NotLoaded */
  remove<T extends TableName>(table: T, ...key: Key): void {
    const entry = this.#known(table, key)
    entry.row = undefined
    entry.dirty = true
  }

  /** Appends to the log. `data` is what live readers get; `kept` is what the log row keeps of it (RULES A5). */
  event(event: {
    workspace: WorkspaceId
    type: EventType
    subject: string
    data: unknown
    kept: Record<string, unknown> | null
  }): number {
    const workspace = this.get('workspaces', event.workspace)
    if (workspace === undefined) throw new Error(`no workspace ${event.workspace}`)
    const sequence = workspace.head + 1
    this.put('workspaces', { ...workspace, head: sequence })
    const row: Rows['events'] = {
      workspace: event.workspace,
      sequence,
      id: this.#makeId('evt', this.now),
      type: event.type,
      subject: event.subject,
      time: this.now,
      data: event.kept,
    }
    this.append('events', row)
    for (const kept of keptWithContacts(row)) this.append('contactEvents', kept)
    this.events.push(logEvent(row, event.data))
    return sequence
  }

  /** What an engine has to write, table by table. */
  *written(): Generator<Written> {
    for (const table of Object.keys(TABLES) as TableName[]) {
      const written: Written = { table, inserts: this.#appended[table] ?? [], updates: [], deletes: [] }
      for (const entries of this.#tables[table]?.values() ?? []) {
        for (const entry of entries.values()) {
          if (!entry.dirty) continue
          if (entry.row === undefined) {
            if (entry.stored) written.deletes.push(entry.key)
          } else if (entry.stored) written.updates.push(entry.row)
          else written.inserts.push(entry.row)
        }
      }
      if (written.inserts.length + written.updates.length + written.deletes.length > 0) yield written
    }
  }

  /** Whether the row cannot be in the database yet: what its key names, after the workspace, was made here. */
  #isBorn(key: Key): boolean {
    return this.#born.has(key[1] ?? key[0]) || this.#born.has(key[2])
  }

  #known<T extends TableName>(table: T, key: Key): Entry<T> {
    let entry = this.#find(table, key)
    if (entry === undefined) {
      this.want(table, ...key)
      entry = this.#find(table, key)
    }
    if (entry === undefined || entry.asked) throw new NotLoaded(table, key)
    return entry
  }

  #find<T extends TableName>(table: T, key: Key): Entry<T> | undefined {
    const entries = this.#tables[table] as Map<string, Map<string, Entry<T>>> | undefined
    return entries?.get(key[0] as string)?.get(restOf(key))
  }

  #set<T extends TableName>(table: T, entry: Entry<T>): void {
    let entries = this.#tables[table] as Map<string, Map<string, Entry<T>>> | undefined
    if (entries === undefined) {
      entries = new Map()
      ;(this.#tables as Record<string, unknown>)[table] = entries
    }
    const first = entry.key[0] as string
    let rest = entries.get(first)
    if (rest === undefined) {
      rest = new Map()
      entries.set(first, rest)
    }
    rest.set(restOf(entry.key), entry)
  }
}

/** `clock`: provider time of the watermark. */
export type RaisableScope = { workspace: WorkspaceId; channel: string; address: string; clock: number }
/** How many messages one watermark raises in one commit; the rest follows in the next. */
export const RAISED_MAX = 500

export type Asked = { table: TableName; key: Key }
export type LoadNow = <T extends TableName>(table: T, key: Key) => Rows[T] | undefined
export type Written = { table: TableName; inserts: object[]; updates: object[]; deletes: Key[] }

/** `decide` came upon a row that nobody had foreseen. */
export class NotLoaded extends Error {
  override name = 'NotLoaded'
  readonly table: TableName
  readonly key: Key

  constructor(table: TableName, key: Key) {
    super(`${table} ${key.join(' ')} was not loaded`)
    this.table = table
    this.key = key
  }
}

type Entry<T extends TableName> = {
  key: Key
  row: Rows[T] | undefined
  /** It is in the database: writing it is an update. */
  stored: boolean
  dirty: boolean
  asked: boolean
}

/**
 * The event as readers get it, from its row and its data. Live and from the log, it is made by this function. The
 * envelope is put together as text: ids, types and times need no escaping, and this is done for every event there is.
 */
export function logEvent(row: Rows['events'], data: unknown): LogEvent {
  const { workspace, sequence, id, type, subject, time } = row
  const json =
    `{"specversion":"1.0","id":"${id}","source":"/workspaces/${workspace}","type":"${type}","subject":"${subject}",` +
    `"time":"${rfc3339(time)}","datacontenttype":"application/json","workspace":"${workspace}",` +
    `"sequence":${sequence},"data":${JSON.stringify(data)}}`
  return { workspace, sequence, type, subject, json }
}

function nameOfScope({ workspace, channel, address, clock }: RaisableScope): string {
  return nameOf([workspace, channel, address, String(clock)])
}
