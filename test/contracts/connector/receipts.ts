import { expect } from 'vitest'
import type { Subject, Told } from '../connector.ts'
import { handsOf, unique } from './hands.ts'
import type { Laws } from './laws.ts'
import type { Stand } from './stand.ts'

/** A status climbs, whatever comes in whatever order (RULES D). */
export function receiptLaws({ law }: Laws, subject: Subject, it: () => Stand): void {
  const { people } = subject
  const { deliver, take } = handsOf(subject, it)
  const observed = () => {
    const { observes } = it().connector.can(it().channels.ours.config as never)
    return (['sent', 'received', 'read'] as const).filter(status => observes.includes(status))
  }
  const sent = async (): Promise<Extract<Told, { is: 'receipt' }>['of'] & { id: string }> => {
    it().sim.behave({ receipts: false })
    const id = await it().post('ours', people.ana, unique('receipts'))
    await it().until('a provider id', async () => (await it().message(id)).providerIds.length > 0)
    it().sim.behave({ receipts: true })
    const { providerIds, address } = await it().message(id)
    return { id, providerId: providerIds[0] ?? '', reference: `${id}.0.1`, address: address.value }
  }

  law('RULES D1: receipts in any order come to the same', async () => {
    const statuses = observed()
    for (const order of ordersOf(statuses)) {
      const { id, ...of } = await sent()
      // Later than the acceptance, as a provider's clock would have it.
      const at = Date.now() + 60_000
      for (const status of order) await take(deliver([{ is: 'receipt', to: 'ours', of, status, at }]))
      const last = statuses.at(-1) ?? 'sent'
      await it().until(`${order} is ${last}`, async () => (await it().message(id)).status === last)
    }
  })

  law('RULES D6: a receipt of a message that nobody knows is taken, and changes nothing', async () => {
    const of = { providerId: '999999999', reference: 'somebody.else.0.1', address: people.beto }
    const told = observed().map(
      (status): Told => ({ is: 'receipt', to: 'ours', at: 1_700_000_000_000, of, status }),
    )
    const before = (await it().call('GET', '/v1/events?limit=1000')).body as { next: number }
    const statuses = await take(deliver(told))
    expect(statuses.filter(status => status > 299)).toEqual([])
    const news = (await it().call('GET', `/v1/events?after=${before.next}`)).body as {
      data: { type: string }[]
    }
    expect(news.data.filter(({ type }) => type.startsWith('message.'))).toEqual([])
  })

  law('RULES D6: receipts that come before the answer are not lost', async () => {
    it().sim.behave({ early: 1 })
    const id = await it().post('ours', people.ana, unique('early'))
    const last = observed().at(-1) ?? 'sent'
    await it().until(`it is ${last}`, async () => (await it().message(id)).status === last)
    it().sim.behave({ early: 0 })
  })
}

function ordersOf<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]]
  return list.flatMap((first, at) => ordersOf(list.toSpliced(at, 1)).map(rest => [first, ...rest]))
}
