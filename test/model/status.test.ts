import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  membersOf,
  type Observation,
  observe,
  observeMember,
  type Piece,
  RANK,
  raisedByWatermark,
  type Status,
  statusOf,
  statusTimesOf,
} from '../../model/status.ts'

const fresh: Piece = { part: 0, segment: 0, status: 'pending', times: {} }

const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ status: fc.constantFrom('sent', 'received', 'read'), at: fc.integer({ min: 0, max: 20 }) }),
  fc.record({
    status: fc.constant('failed' as const),
    at: fc.integer({ min: 0, max: 20 }),
    failure: fc.constantFrom(
      { code: 'undeliverable' } as const,
      { code: 'blocked' } as const,
      { code: 'optedOut' } as const,
    ),
  }),
)

const apply = (seen: readonly Observation[]): Piece => seen.reduce(observe, fresh)

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]]
  return list.flatMap((one, index) => permutations(list.toSpliced(index, 1)).map(rest => [one, ...rest]))
}

describe('RULES D1: what members of a group tell is a join too', () => {
  const told = fc.record({ member: fc.constantFrom('a', 'b', '__proto__', undefined), seen: observation })
  type Told = { member: string | undefined; seen: Observation }
  const tell = (piece: Piece, { member, seen }: Told): Piece =>
    member === undefined ? observe(piece, seen) : observeMember(piece, member, seen)

  test('property: in any order, any number of times; only the group as a whole is read or failed', () => {
    fc.assert(
      fc.property(
        fc.array(told, { maxLength: 8 }).chain(list => {
          return fc.record({
            list: fc.constant(list),
            shuffled: fc.shuffledSubarray(list, { minLength: list.length }),
          })
        }),
        ({ list, shuffled }) => {
          const end = list.reduce(tell, fresh)
          expect([...shuffled, ...shuffled].reduce(tell, fresh)).toEqual(end)
          if (list.every(({ member }) => member !== undefined)) {
            expect(['pending', 'sent', 'received']).toContain(end.status)
          }
        },
      ),
    )
  })

  test('a member counts for a message when every piece reached their phone', () => {
    const at = 1
    const first = observeMember(observeMember(fresh, 'a', { status: 'read', at }), 'b', {
      status: 'received',
      at,
    })
    const second = observeMember({ ...fresh, part: 1 }, 'a', { status: 'received', at })
    expect(membersOf([first])).toEqual({ received: 2, read: 1 })
    expect(membersOf([first, second])).toEqual({ received: 1, read: 0 })
    expect(membersOf([fresh])).toBeNull()
  })
})

describe('RULES D1: a piece is the join of what was told about it', () => {
  test('every order of the four receipts ends alike, twice each too', () => {
    const seen: Observation[] = [
      { status: 'sent', at: 1 },
      { status: 'received', at: 2 },
      { status: 'read', at: 3 },
      { status: 'failed', at: 4, failure: { code: 'undeliverable' } },
    ]
    const ends = permutations(seen).flatMap(order => [apply(order), apply([...order, ...order])])
    for (const end of ends) expect(end).toEqual(ends[0])
    expect(ends[0]).toMatchObject({ status: 'read', times: { sent: 1, received: 2, read: 3 } })
  })

  test('property: order and repetition change nothing', () => {
    fc.assert(
      fc.property(
        fc.array(observation, { maxLength: 8 }).chain(seen => {
          const shuffled = fc.shuffledSubarray(seen, { minLength: seen.length })
          return fc.record({ seen: fc.constant(seen), shuffled, again: fc.subarray(seen) })
        }),
        ({ seen, shuffled, again }) => {
          expect(apply([...shuffled, ...again])).toEqual(apply(seen))
        },
      ),
    )
  })

  test('invariant 2: the rank never goes down', () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 12 }), seen => {
        let piece = fresh
        for (const one of seen) {
          const next = observe(piece, one)
          expect(RANK[next.status]).toBeGreaterThanOrEqual(RANK[piece.status])
          piece = next
        }
      }),
    )
  })

  test.each<[string, Observation[], Partial<Record<Status, number>>]>([
    ['read implies received and sent', [{ status: 'read', at: 9 }], { sent: 9, received: 9, read: 9 }],
    [
      'the earliest proof counts',
      [
        { status: 'read', at: 9 },
        { status: 'sent', at: 3 },
      ],
      { sent: 3, received: 9, read: 9 },
    ],
    [
      'a later receipt with an earlier time',
      [
        { status: 'read', at: 5 },
        { status: 'sent', at: 7 },
      ],
      { sent: 5, received: 5, read: 5 },
    ],
  ])('times: %s', (_name, seen, times) => {
    expect(apply(seen).times).toEqual(times)
  })

  test('what tells nothing new leaves the very same object', () => {
    const piece = apply([{ status: 'read', at: 5 }])
    expect(observe(piece, { status: 'sent', at: 6 })).toBe(piece)
  })

  test('a part that was never sent is overruled by nothing', () => {
    const piece: Piece = { ...fresh, status: 'failed', times: { failed: 1 }, notSent: true }
    expect(observe(piece, { status: 'read', at: 2 })).toBe(piece)
  })
})

describe('RULES D2: a message is read off its pieces', () => {
  const at = (status: Status): Piece => ({ ...fresh, status })
  test.each<[Status[], Status]>([
    [[], 'pending'],
    [['read', 'received'], 'received'],
    [['read', 'pending'], 'pending'],
    [['read', 'failed'], 'failed'],
    [['sent', 'sent'], 'sent'],
  ])('%j is %s', (pieces, status) => {
    expect(statusOf(pieces.map(at))).toBe(status)
  })

  test('the one fall it may show: failed to the lowest part, when the failure is disproved', () => {
    const pieces = [apply([{ status: 'failed', at: 1 }]), apply([{ status: 'sent', at: 1 }])]
    expect(statusOf(pieces)).toBe('failed')
    expect(statusOf([observe(pieces[0] as Piece, { status: 'received', at: 2 }), pieces[1] as Piece])).toBe(
      'sent',
    )
  })

  test('times: when the last piece got there; failed only while it is failed', () => {
    const read = apply([
      { status: 'read', at: 9 },
      { status: 'failed', at: 1 },
    ])
    const received = apply([{ status: 'received', at: 20 }])
    expect(statusTimesOf([read, received], 0)).toEqual({ pending: 0, sent: 20, received: 20 })
    expect(statusTimesOf([apply([{ status: 'failed', at: 7 }])], 0)).toEqual({ pending: 0, failed: 7 })
  })
})

describe('RULES D5: a watermark', () => {
  test.each<[Status, number, Status]>([
    ['sent', 5, 'read'],
    ['received', 5, 'read'],
    ['sent', 6, 'sent'],
    ['pending', 5, 'pending'],
    ['failed', 5, 'failed'],
  ])('%s at %i becomes %s by a clock of 5', (status, sent, raised) => {
    const piece: Piece = { ...fresh, status, times: status === 'pending' ? {} : { sent } }
    expect(raisedByWatermark(piece, { status: 'read', clock: 5 }).status).toBe(raised)
  })
})
