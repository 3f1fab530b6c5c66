import type { Inbound, WebhookRequest } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { type Dialect, type Entry, readItem } from './messaging.ts'
import { timeOf } from './time.ts'

/** One change of `changes[]`: what a channel reads besides messages. undefined: it does not know this field. */
type ReadChange = (field: string, value: Json, entry: Entry) => Inbound[] | undefined

/**
 * Reads a webhook of Messenger or Instagram (PROVIDERS B2, C2): every entry, every item of `messaging[]` and
 * `standby[]`, every change, each under its own Page or account.
 */
export function readEntries(
  request: WebhookRequest,
  { object, dialect, change }: { object: string; dialect: Dialect; change: ReadChange },
): Inbound[] {
  const body = objectOf(parseJson(request.body.toString('utf8')))
  if (body === undefined) return [rejected('', 'notJson')]
  if (body['object'] !== object) return [rejected('', 'otherObject')]
  const items = listIn(body, 'entry').flatMap(item => readEntry(objectOf(item), dialect, change))
  return items.length > 0 ? items : [rejected('', 'empty')]
}

function rejected(to: string, why: string): Inbound {
  return { to, kind: 'rejected', why }
}

function readEntry(object: Json | undefined, dialect: Dialect, change: ReadChange): Inbound[] {
  const id = textIn(object, 'id')
  if (object === undefined || id === undefined) return [rejected('', 'entryShape')]
  const entry: Entry = { id, at: timeOf(object['time']) }
  const read = (list: 'messaging' | 'standby') =>
    listIn(object, list).flatMap(item => {
      const told = objectOf(item)
      if (told === undefined) return [rejected(id, 'itemShape')]
      return readItem(told, entry, dialect, list === 'standby')
    })
  // Instagram Login has `field` and `value` on the entry itself in some samples (C2).
  const changes = object['field'] === undefined ? listIn(object, 'changes') : [object]
  const items = [
    ...read('messaging'),
    ...read('standby'),
    ...changes.flatMap(item => readChange(objectOf(item), entry, dialect, change)),
  ]
  return items.length > 0 ? items : [{ to: id, kind: 'ignored', why: 'empty' }]
}

/** A change that holds an item of `messaging[]` is read as one: so write the samples, and Instagram its edits. */
function readChange(object: Json | undefined, entry: Entry, dialect: Dialect, change: ReadChange): Inbound[] {
  const field = textIn(object, 'field')
  const value = objectIn(object, 'value')
  if (field === undefined || value === undefined) return [rejected(entry.id, 'changeShape')]
  const known = change(field, value, entry)
  if (known !== undefined) return known
  if (field === 'message_edit') return readItem({ ...value, message_edit: value }, entry, dialect, false)
  if (objectIn(value, 'sender') !== undefined) return readItem(value, entry, dialect, field === 'standby')
  return [rejected(entry.id, 'unknownField')]
}
