import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Batch, Bus, Subscription } from '../../bus/bus.ts'
import type { LogEvent } from '../../model/event.ts'
import { idMaker, type WorkspaceId } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'

/** The laws that every bus holds. */
export function busLaws(name: string, open: () => Promise<Bus>): void {
  describe(name, () => {
    const newId = idMaker(seededRandom(3))
    const [a, b] = [newId('wks', 1), newId('wks', 1)]
    let bus: Bus
    beforeEach(async () => {
      bus = await open()
    })
    afterEach(() => bus.close())

    const listen = (workspace: WorkspaceId | '*', eventsMax = 100): Subscription =>
      bus.subscribe({ name: 'test', workspace, eventsMax })
    const numbers = (batches: Batch[]): number[] =>
      batches.flatMap(batch => (batch.dropped ? [] : batch.events.map(event => event.sequence)))
    /** Everything until `count` events came, or it ended. */
    const take = async (subscription: Subscription, count: number): Promise<Batch[]> => {
      const batches: Batch[] = []
      for await (const batch of subscription) {
        batches.push(batch)
        if (numbers(batches).length >= count) break
      }
      return batches
    }

    test('a subscriber gets its workspace and nothing else, in order; * gets all', async () => {
      const [one, all] = [listen(a), listen('*')]
      bus.publish([eventOf(a, 1), eventOf(b, 1), eventOf(a, 2)])
      bus.publish([eventOf(b, 2), eventOf(a, 3)])
      expect(numbers(await take(one, 3))).toEqual([1, 2, 3])
      expect(numbers(await take(all, 5))).toEqual([1, 1, 2, 2, 3])
    })

    test('publishing waits for nobody: a subscriber who never reads holds up no other', async () => {
      listen(a, 5)
      const reader = listen(a)
      for (let number = 1; number <= 50; number++) bus.publish([eventOf(a, number)])
      expect(numbers(await take(reader, 50))).toHaveLength(50)
    })

    test('one that is too slow is dropped, told so, and told from where to resume', async () => {
      const slow = listen(a, 3)
      const reading = slow[Symbol.asyncIterator]()
      bus.publish([eventOf(a, 1), eventOf(a, 2)])
      expect(numbers([(await reading.next()).value as Batch])).toEqual([1, 2])
      for (let number = 3; number <= 9; number++) bus.publish([eventOf(a, number)])
      const told = (await reading.next()).value as Batch
      expect(told).toMatchObject({ dropped: true, why: expect.stringContaining('3') })
      expect(told.dropped && told.after.get(a)).toBe(2)
      expect((await reading.next()).done).toBe(true)
    })

    test('closing ends it after what waits; nothing is held for it afterwards', async () => {
      const subscription = listen(a)
      bus.publish([eventOf(a, 1)])
      subscription.close()
      bus.publish([eventOf(a, 2)])
      expect(numbers(await take(subscription, 9))).toEqual([1])
      expect(subscription.depth()).toBe(0)
    })

    test('the bus closing ends everybody', async () => {
      const subscription = listen('*')
      const reading = take(subscription, 9)
      bus.close()
      expect(numbers(await reading)).toEqual([])
      expect(numbers(await take(listen(a), 9))).toEqual([])
    })
  })
}

export function eventOf(workspace: WorkspaceId, sequence: number): LogEvent {
  return {
    workspace,
    sequence,
    type: 'message.created',
    subject: `msg_${sequence}`,
    json: `{"sequence":${sequence}}`,
  }
}
