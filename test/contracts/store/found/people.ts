import type { Change } from '../../../../model/change.ts'
import type { Field } from '../../../../model/field.ts'
import type { TagId } from '../../../../model/ids.ts'
import { newId } from '../trial.ts'

/** A few people who differ in everything that may be asked, with what their workspace calls its own. */

export const FIELDS: Omit<Field, 'createdAt'>[] = [
  { key: 'city', title: 'City', type: 'text', options: null },
  { key: 'score', title: 'Score', type: 'number', options: null },
  { key: 'plan', title: 'Plan', type: 'list', options: ['gold', 'A+', 'A-', 'dos años'] },
  { key: 'born', title: 'Born', type: 'date', options: null },
  { key: 'vip', title: 'VIP', type: 'check', options: null },
]

export const TAGS: { id: TagId; name: string }[] = ['Cliente', 'niño', 'c'].map(name => ({
  id: newId('tag', 1),
  name,
}))

export const NAMES = [
  null,
  'Ana García',
  'ana-garcia',
  'José',
  'Anabel Zúñiga Ltd 24',
  '★',
  'Иван',
  "O'Ana % _ ?",
]
export const CITIES = ['Bogotá', 'bogota d.c.', 'San José', '3 #f:city', 'a | b']
export const NUMBERS = [0, -3, 12.5, 517, 1e21]
export const DATES = ['1990-01-31', '2026-02-01', '2026-11-24']
const PHONES = ['+573001234567', '+5215512345678', '+5491123456789', '+34600111222']
const MAILS = ['ana.garcia@example.com', 'JOSE@empresa.co', "o'x_y%z@example.com"]

/** Everybody once: the n-th of each list, lists of different lengths. */
export function everybody(): Change[] {
  const at = <T>(list: readonly T[], n: number): T => list[n % list.length] as T
  return Array.from({ length: 24 }, (_, n): Change => {
    const name = at(NAMES, n)
    const fields = {
      ...(n % 3 === 0 ? {} : { city: at(CITIES, n) }),
      ...(n % 4 === 0 ? {} : { score: at(NUMBERS, n) }),
      ...(n % 2 === 0 ? { plan: at(FIELDS[2]?.options ?? [], n / 2) } : {}),
      ...(n % 5 === 0 ? {} : { born: at(DATES, n) }),
      ...(n % 3 === 1 ? { vip: n % 2 === 0 } : {}),
    }
    const phone = at(PHONES, n)
    return {
      kind: 'contactCreated',
      source: n % 7 === 0 ? 'import' : 'api',
      addresses: [
        ...(n % 6 === 5 ? [] : [{ kind: 'phone' as const, value: `${phone.slice(0, -2)}${10 + n}` }]),
        ...(n % 4 === 2 ? [{ kind: 'email' as const, value: `${n}${at(MAILS, n)}` }] : []),
        ...(n % 8 === 3 ? [{ kind: 'telegram' as const, value: `70${n}` }] : []),
      ],
      set: {
        ...(name === null ? {} : { name }),
        ...(n % 5 === 1 ? { language: 'es-MX' } : {}),
        ...(n % 5 === 2 ? { timeZone: 'America/Bogota' } : {}),
      },
      tags: TAGS.filter((_tag, index) => (n >> index) % 2 === 1).map(tag => tag.id),
      fields,
    }
  })
}
