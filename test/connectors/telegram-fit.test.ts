import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outbound } from '../../connectors/connector.ts'
import { telegram } from '../../connectors/telegram/telegram.ts'
import { fitContent } from '../../queue/fit.ts'
import { started } from './telegram-rig.ts'

type Content = Outbound['content']

test('whatever fits into what it says it can carry, Telegram takes', async () => {
  const rig = await started()
  const can = telegram.can(rig.config as never)
  const some = (max: number) => fc.string({ unit: 'grapheme', minLength: 1, maxLength: max })
  const text = fc.integer({ min: 1, max: 5000 }).map(length => 'ñandú 👋 '.repeat(length / 9 + 1))
  const option = fc.record({ id: some(90), title: some(50) })
  const content: fc.Arbitrary<Content> = fc.oneof(
    fc.record({
      ...{ type: fc.constant('buttons' as const), text, footer: some(80) },
      buttons: fc.array(option, { minLength: 1, maxLength: 25 }),
    }),
    fc.record({
      ...{ type: fc.constant('list' as const), text, button: some(20), header: some(300) },
      sections: fc.tuple(
        fc.record({ title: some(24), rows: fc.array(row(option), { minLength: 1, maxLength: 20 }) }),
      ),
    }),
    fc.record({
      ...{ type: fc.constant('buttons' as const), text, buttons: fc.tuple(option) },
      header: fc.constant({ type: 'image', media: { link: 'https://a.example/a.jpg' } } as const),
      footer: some(60),
    }),
  )
  const taken = fc.asyncProperty(content, async one => {
    const fitted = fitContent(one as never, can)
    for (const part of 'parts' in fitted ? fitted.parts : []) await rig.send(part as Content)
  })
  await fc.assert(taken, { numRuns: 60 })
  const methods = new Set(rig.sim.sent.map(({ method, code }) => `${method} ${code ?? 'taken'}`))
  expect([...methods].sort()).toEqual(['sendMessage taken', 'sendPhoto taken'])
})

function row(option: fc.Arbitrary<{ id: string; title: string }>) {
  const description = fc.string({ minLength: 1, maxLength: 72 })
  return fc.tuple(option, description).map(([one, told]) => ({ ...one, description: told }))
}
