import { expect, test } from 'vitest'
import type { Step } from '../model/steps.ts'
import { onEachStore } from './end-to-end/stores.ts'
import { createWorld, FIRST, type World } from './end-to-end/world.ts'
import { deliver, textDelivery } from './gateway/daemon.ts'

/** Less than a store waits for a lock or a statement, so that nothing fails by it. */
const HELD_MS = 700

const post = (world: World, told: () => void): void => {
  const content = { type: 'text', text: 'Hola' }
  const body = { channel: world.first, to: '+5215512345678', content }
  void world.daemon.call('POST', '/v1/messages', { body }).then(({ status }) => status === 202 && told())
}

/**
 * Nothing can be made durable from one step on, so that the commit after it cannot happen. A crash test
 * seldom hits the moment between an answer too early and its commit; this is that moment made long.
 */
onEachStore(({ heldPlace }) => {
  test.each<
    [string, Step, (world: World, told: () => void) => void, (world: World, isTold: boolean) => boolean]
  >([
    [
      'a webhook is not answered',
      'inbound.2.parsed',
      ({ daemon }, told) => {
        const body = textDelivery({ number: FIRST, id: 'wamid.1' })
        void deliver(daemon, body).then(({ status }) => status === 200 && told())
      },
      (_world, isTold) => isTold,
    ],
    ['a message is not accepted', 'outbound.1.accepted', post, (_world, isTold) => isTold],
    ['RULES C2: nothing is sent', 'outbound.3.claimed', post, ({ sim }) => sim.stats().requests > 0],
  ])('%s before it is durable', async (_name, from, ask, isSeen) => {
    const place = await heldPlace()
    let isHeld = false
    const probe = (step: Step): void => {
      if (step !== from || isHeld) return
      isHeld = true
      place.hold()
    }
    await using world = await createWorld(async () => place, {}, {}, probe)
    let isTold = false
    ask(world, () => {
      isTold = true
    })
    await expect.poll(() => isHeld).toBe(true)
    await new Promise(resolve => setTimeout(resolve, HELD_MS))
    const isEarly = isSeen(world, isTold)
    place.letGo()
    expect(isEarly).toBe(false)
    await expect.poll(() => isSeen(world, isTold), { timeout: 5000 }).toBe(true)
  })
})
