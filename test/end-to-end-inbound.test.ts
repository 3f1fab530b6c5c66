import { expect, test } from 'vitest'
import { SAMPLES } from '../connectors/whatsapp/sim-samples.ts'
import type { Contact } from '../model/contact.ts'
import type { Conversation } from '../model/conversation.ts'
import type { Message } from '../model/message.ts'
import { onEachStore } from './end-to-end/stores.ts'
import { createWorld, type World } from './end-to-end/world.ts'

/** Everything that WhatsApp tells, from the provider's webhook to what a client reads. */

const ANA = '+5215512345678'

async function created({ crm }: World, providerId: string): Promise<Message> {
  const event = await crm.event(
    providerId,
    ({ type, data }) => type === 'message.created' && (data as Message).providerIds[0] === providerId,
  )
  return event.data as Message
}

onEachStore(({ place }) => {
  test('every kind of message that a person can send is read, and nothing is rejected', async () => {
    await using world = await createWorld(place)
    const { sim, crm } = world
    const first = sim.inject({ from: ANA, text: 'Hola' })
    const types: Record<string, string> = {}
    for (const sample of SAMPLES.keys()) {
      if (sample === 'edit' || sample === 'revoke') continue
      types[sample] = (await created(world, sim.inject({ from: ANA, sample, of: first }))).content.type
    }
    expect(Object.entries(types).filter(([, type]) => type === 'unsupported')).toEqual([
      ['unsupported', 'unsupported'],
    ])
    const of = (await created(world, first)).id
    sim.inject({ from: ANA, sample: 'edit', of: first })
    await crm.event('the edit', ({ type, subject }) => type === 'message.edited' && subject === of)
    expect(await world.message(of)).toMatchObject({ content: { text: 'hola!' } })
    sim.inject({ from: ANA, sample: 'revoke', of: first })
    await crm.event('the deletion', ({ type, subject }) => type === 'message.deleted' && subject === of)
    expect(await world.message(of)).toMatchObject({ content: { type: 'erased' } })
    expect(crm.events.filter(({ type }) => type === 'intake.rejected')).toEqual([])
  })

  test('an answer in the phone app, a new number, an advertisement', async () => {
    await using world = await createWorld(place)
    const { sim, daemon } = world
    const asked = await created(world, sim.inject({ from: ANA, sample: 'referral' }))
    expect(asked).toMatchObject({ referral: { sourceId: '120200' } })
    const talk = (await daemon.call('GET', `/v1/conversations/${asked.conversation}`)).body as Conversation
    expect(talk.context).toMatchObject({ 'referral.sourceId': '120200', 'referral.ctwaClid': 'ARAkLkA' })
    const echo = await created(world, sim.inject({ from: ANA, text: 'Listo', echo: true }))
    expect(echo).toMatchObject({
      ...{ direction: 'outbound', source: { kind: 'echo' }, status: 'sent' },
      ...{ contact: asked.contact, conversation: asked.conversation },
    })
    const becomes = '+5215599999999'
    const moved = await created(world, sim.inject({ from: ANA, notice: 'number-changed', becomes }))
    expect(moved).toMatchObject({ contact: asked.contact, content: { type: 'system' } })
    const contact = (await daemon.call('GET', `/v1/contacts/${asked.contact}`)).body as Contact
    expect(contact.addresses.map(({ value }) => value)).toContain(becomes)
    expect(contact.addresses.map(({ value }) => value)).not.toContain(ANA)
  })

  test('a group is answered as a group, and its members are counted', async () => {
    await using world = await createWorld(place)
    const { sim, daemon } = world
    const asked = await created(world, sim.inject({ from: ANA, sample: 'group' }))
    expect(asked).toMatchObject({ author: { address: { value: ANA } }, address: { kind: 'group' } })
    const body = { conversation: asked.conversation, content: { type: 'text', text: 'Hola a todos' } }
    const { id } = (await daemon.call('POST', '/v1/messages', { body })).body as Message
    await expect
      .poll(async () => (await world.message(id)).members, { timeout: 10_000 })
      .toEqual({ received: 3, read: 3 })
    expect(await world.message(id)).toMatchObject({ status: 'received', failure: null })
    expect(sim.sent[0]?.body).toMatchObject({ recipient_type: 'group', to: 'Y2FwaV' })
  })

  test('an error of the account makes the channel failing, until a message goes out again', async () => {
    await using world = await createWorld(place)
    const { sim, crm } = world
    sim.inject({ from: ANA, text: 'Hola' })
    await world.post({ to: ANA, content: { type: 'text', text: 'one' } })
    await crm.event('ok', ({ type, data }) => type === 'channel.health' && (data as Told).state === 'ok')
    sim.injectError(131031)
    await crm.event(
      'failing',
      ({ type, data }) => type === 'channel.health' && (data as Told).state === 'failing',
    )
    const before = crm.events.length
    // The directory hears of it a moment later than we do.
    await expect
      .poll(async () => {
        await world.post({ to: ANA, content: { type: 'text', text: 'two' } })
        return crm.events.slice(before).some(({ type }) => type === 'channel.health')
      })
      .toBe(true)
  })
})

type Told = { state: string }
