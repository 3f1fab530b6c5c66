import { expect } from 'vitest'
import type { Subject } from '../connector.ts'
import type { Laws } from './laws.ts'
import type { Stand } from './stand.ts'

/** Bad days: answers that are lost, and a provider that wants less (RULES C5, C6, E4). */
export function troubleLaws({ law }: Laws, subject: Subject, it: () => Stand): void {
  const { people, throttles, lostAnswer } = subject

  law('RULES C5, C6: an answer lost after acceptance gives one delivery', async () => {
    const accepted = it().sim.stats().accepted
    it().sim.behave({ dropAnswers: 1 })
    const id = await it().post('sibling', people.beto, 'taken, and never answered')
    await it().until('taken', () => it().sim.stats().accepted > accepted)
    it().sim.behave({ dropAnswers: 0 })
    await it().until('it is known what became of it', async () => {
      const { status, uncertain } = await it().message(id)
      return status !== 'pending' && !uncertain
    })
    const { status, failure } = await it().message(id)
    expect(lostAnswer === 'policy' ? failure?.code : status).toMatch(
      lostAnswer === 'policy' ? /^uncertain$/ : /^(sent|received|read)$/,
    )
    const { partsTwice } = it().sim.stats()
    expect([it().sim.stats().accepted - accepted, partsTwice]).toEqual([1, 0])
  })

  // Last: what it pauses stays so for some seconds.
  law('RULES E4: what is throttled waits, and what it does not slow goes on', async () => {
    const { code = 0, slows = 'channel' } = throttles[0] ?? {}
    const refused = () => it().sim.stats().refused[code] ?? 0
    const before = refused()
    it().sim.behave({ refusals: [{ share: 1, code }] })
    const slowed = await it().post('ours', people.ana, 'I wait')
    await it().until('the refusal', () => refused() > before)
    it().sim.behave({ refusals: [] })
    const other = await (slows === 'recipient' || slows === 'message'
      ? it().post('ours', people.beto, 'I do not')
      : it().post('stranger', people.beto, 'I do not'))
    await it().until('the other is sent', async () => (await it().message(other)).providerIds.length > 0)
    expect((await it().message(slowed)).providerIds).toEqual([])
  })
}
