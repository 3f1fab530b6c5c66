import { expect, test } from 'vitest'
import type { Change } from '../../model/change.ts'
import { idMaker } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'
import { fold } from '../../store/decide/decide.ts'
import { Draft, type LoadNow } from '../../store/decide/draft.ts'
import { keyOf, nameOf } from '../../store/decide/key.ts'
import { pseudonymsOf } from '../../store/pseudonym.ts'
import type { TableName } from '../../store/tables.ts'
import { ANA, channelOf } from '../contracts/store/trial.ts'

test('a text of somebody known reads and writes as few rows as can be', () => {
  const newId = idMaker(seededRandom(3))
  const [workspace, channel] = [newId('wks', 1), newId('chn', 1)]
  const rows = new Map<string, object>()
  const group = (...changes: Change[]): { read: string[]; written: string[] } => {
    const read: TableName[] = []
    const load = ((table, key) => {
      read.push(table)
      return rows.get(`${table} ${nameOf(key)}`)
    }) as LoadNow
    const draft = new Draft({ now: 1, newId, load, pseudonym: pseudonymsOf('key') })
    const [committed] = fold(draft, [{ workspace, changes }])
    expect(committed?.outcomes.every(outcome => outcome.ok)).toBe(true)
    const written = [...draft.written()].flatMap(({ table, inserts, updates }) =>
      [...inserts, ...updates].map(row => {
        rows.set(`${table} ${nameOf(keyOf(table, row as never))}`, row)
        return table
      }),
    )
    return { read: read.sort(), written: written.sort() }
  }
  const text = (key: string): Change => ({
    ...{ kind: 'received', channel, key, providerId: key, at: 1, echo: false, address: ANA },
    ...{ also: [{ kind: 'whatsapp', value: 'MX.1' }], content: { type: 'text', text: 'hola' } },
  })
  group({ kind: 'workspaceCreated', name: 'Acme' }, channelOf(channel, '1'), text('first'))
  expect(group(text('second'))).toEqual({
    read: ['addresses', 'channels', 'contacts', 'openConversations', 'providerIds', 'workspaces'],
    written: ['contents', 'events', 'messages', 'providerIds', 'workspaces'],
  })
})
