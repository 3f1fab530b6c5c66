import { expect } from 'vitest'
import type { Message } from '../../../model/message.ts'
import type { Subject } from '../connector.ts'
import { unique } from './hands.ts'
import type { Laws } from './laws.ts'
import type { Stand } from './stand.ts'

/** A connector that can be asked for news brings each thing once (RULES C3). There is none such without `poll`. */
export function pollLaws({ law }: Laws, { polls, connector }: Subject, it: () => Stand): void {
  if (polls === undefined) {
    law('it is called, and asks for nothing by itself', () => {
      expect(it().connector.poll).toBeUndefined()
    })
    return
  }
  law('RULES C3: what is polled comes once, and no more while the channel is paused', async () => {
    const input = { connector, name: 'polled', config: polls.config(it().sim.url) }
    const { id } = (await it().call('POST', '/v1/channels', input)).body as { id: string }
    const texts = async (): Promise<string[]> => {
      const page = await it().call('GET', `/v1/messages?channel=${id}&limit=200`)
      return (page.body as { data: Message[] }).data.flatMap(({ content }) =>
        content.type === 'text' ? [content.text] : [],
      )
    }
    const [first, second, third] = [unique('polled'), unique('polled'), unique('polled')]
    polls.write(it().sim, first)
    polls.write(it().sim, second)
    await it().until('both came', async () => (await texts()).length === 2)
    await it().call('PATCH', `/v1/channels/${id}`, { status: 'paused' })
    await it().call('PATCH', `/v1/channels/${id}`, { status: 'active' })
    polls.write(it().sim, third)
    await it().until('the third came', async () => (await texts()).includes(third))
    expect((await texts()).toSorted()).toEqual([first, second, third].toSorted())
    await it().call('DELETE', `/v1/channels/${id}`)
  })
}
