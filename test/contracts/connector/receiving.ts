import { expect } from 'vitest'
import type { Delivery, Subject, Told, Which } from '../connector.ts'
import { type Hands, handsOf, unique } from './hands.ts'
import type { Laws } from './laws.ts'
import type { Stand } from './stand.ts'

const ROUTES: readonly (Which | null)[] = ['ours', null]

/** What a provider tells is kept once, where it belongs, if it is the provider who tells it: RULES B and D. */
export function receivingLaws({ law }: Laws, subject: Subject, it: () => Stand): void {
  const { receive, people } = subject
  const { deliver, take } = handsOf(subject, it)
  const says = (to: Which, text: string): Told => {
    return { is: 'message', to, at: Date.now(), id: text.replace(/\W/g, ''), from: people.ana, text }
  }
  const routes = ROUTES.filter(route => route !== null || receive?.shared === true)

  law('a wrong signature is refused on every route, and nothing is kept', async () => {
    for (const route of routes) {
      const text = unique('forged')
      const [honest] = deliver([says('ours', text)], 'ours', route)
      const [foreign] = deliver([says('ours', text)], 'stranger', 'ours')
      if (!(honest && foreign)) throw new Error('nothing was delivered')
      const forged = [...forgeries(honest), { ...foreign, url: it().urlOf('ours') }]
      const statuses = await take(forged)
      expect(statuses.filter(status => status !== 401 && status !== 403 && status !== 429)).toEqual([])
      expect(await it().messages('ours', text)).toEqual([])
      expect(await take([honest])).toEqual([expect.any(Number)])
      await it().until('the honest one', async () => (await it().messages('ours', text)).length === 1)
    }
  })

  law('RULES B2: a batch is read whole, and each thing goes to its own channel', async () => {
    const [first, second, third] = [unique('one'), unique('two'), unique('three')]
    const told = [says('ours', first), says('sibling', second), says('ours', third)]
    const byUrl = () => told.flatMap(one => deliver([one], 'ours', one.to))
    const deliveries = receive?.shared === true ? deliver(told, 'ours', null) : byUrl()
    expect(deliveries).toHaveLength(receive?.batches === true ? 1 : 3)
    await take(deliveries)
    for (const [which, text] of [
      ['ours', first],
      ['sibling', second],
      ['ours', third],
    ] as const) {
      expect((await it().messages(which, text)).map(({ direction }) => direction)).toEqual(['inbound'])
    }
  })

  law("RULES B2: another company's channel is not touched, whatever names it", async () => {
    const text = unique('not yours')
    for (const route of [...routes, 'stranger' as const])
      await take(deliver([says('stranger', text)], 'ours', route))
    expect(await it().messages('stranger', text)).toEqual([])
    const theirs = unique('theirs')
    await take(deliver([says('stranger', theirs)], 'stranger', 'stranger'))
    expect(await it().messages('stranger', theirs)).toHaveLength(1)
  })

  law('RULES B1: the same delivery again, one after the other or at once, is one message', async () => {
    const text = unique('again')
    const deliveries = deliver([says('ours', text)])
    await take([...deliveries, ...deliveries])
    await Promise.all(Array.from({ length: 5 }, () => take(deliveries)))
    expect(await it().messages('ours', text)).toHaveLength(1)
    const both = unique('at once')
    const fresh = deliver([says('ours', both)])
    await Promise.all(Array.from({ length: 5 }, () => take(fresh)))
    expect(await it().messages('ours', both)).toHaveLength(1)
  })
  unknownLaw({ law }, it, { deliver, take })
}

function unknownLaw({ law }: Pick<Laws, 'law'>, it: () => Stand, { deliver, take }: Hands): void {
  law('RULES B7: a kind that nobody has heard of is kept', async () => {
    const kept = async (): Promise<number> => {
      const rejected = await it().call('GET', `/v1/channels/${it().channels.ours.id}/rejected`)
      const unknown = await it().call('GET', `/v1/messages?channel=${it().channels.ours.id}&limit=200`)
      const { data } = unknown.body as { data: { content: { type: string } }[] }
      const unsupported = data.filter(({ content }) => content.type === 'unsupported')
      return (rejected.body as { data: unknown[] }).data.length + unsupported.length
    }
    const before = await kept()
    const statuses = await take(deliver([{ is: 'unknown', to: 'ours', at: Date.now() }]))
    expect(statuses.filter(status => status > 299)).toEqual([])
    expect(await kept()).toBe(before + 1)
  })
}

/** A signature that is wrong in each way that there is: of another body, changed, and not there. */
function forgeries(honest: Delivery): Delivery[] {
  const body = honest.body.endsWith('}') ? `${honest.body.slice(0, -1)} }` : `${honest.body}&x=1`
  const signed = Object.entries(honest.headers).filter(([name]) => /^(x-|authorization)/i.test(name))
  const changed = signed.map(([name, value]) => [name, value.replace(/.$/, end => (end === '0' ? '1' : '0'))])
  const without = Object.entries(honest.headers).filter(([name]) => !/^(x-|authorization)/i.test(name))
  // A secret that stands in a header proves nothing about the body: then the header alone is what is wrong.
  return [
    { ...honest, headers: { ...honest.headers, ...Object.fromEntries(changed) } },
    { ...honest, headers: Object.fromEntries(without) },
    ...(isOverBody(honest) ? [{ ...honest, body }] : []),
  ]
}

function isOverBody({ headers }: Delivery): boolean {
  return Object.keys(headers).some(name => /signature/i.test(name))
}
