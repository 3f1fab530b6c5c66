import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Address } from '../../model/address.ts'
import type { Change } from '../../model/change.ts'
import type { ContactId, TagId } from '../../model/ids.ts'
import { marketing, refusal, sayings } from '../contracts/store/sayings.ts'
import { channelOf, createTrial, newId } from '../contracts/store/trial.ts'
import { openInBulk } from './specimen.ts'

/** Words and consent, case by case; what every engine must hold is in the contract. */
describe('what may be sent', () => {
  const it = createTrial(openInBulk)
  const { one, must, outbound, send, message, log, attempt, settle, tick } = it
  const { says, consent, smsChannel, answers } = sayings(it)

  test('RULES F1: the answer to STOP leaves after it, by itself', async () => {
    const channel = await smsChannel()
    await must(says('stop', { channel }))
    const under = await attempt()
    expect(under.item).toMatchObject({ source: { kind: 'workflow', id: 'stop' }, category: 'service' })
    expect(await settle(under, it.accepted('a1'))).toMatchObject({ ok: true })
  })

  test.each([
    ['inside a sentence', { content: { type: 'text', text: 'quiero parar mi pedido' } }],
    ['of our own in the provider’s app', { echo: true }],
    ['in a group', { address: { kind: 'group', value: 'g1' } }],
    [
      'as a caption',
      { content: { type: 'image', media: { ref: 'r', mimeType: 'image/png' }, caption: 'stop' } },
    ],
    ['of SMS, elsewhere', { content: { type: 'text', text: 'cancelar' } }],
    ['for help, elsewhere', { content: { type: 'text', text: 'ayuda' } }],
    ['that opens what nobody closed', { content: { type: 'text', text: 'alta' } }],
  ])('RULES F1: a word %s is talk', async (_name, more) => {
    await must(says('stop', more))
    expect(await one(outbound(marketing))).toMatchObject({ ok: true })
    expect((await log()).filter(event => event.type === 'contact.consent')).toEqual([])
  })

  test('the answers of a channel can be set, and switched off', async () => {
    const channel = await smsChannel()
    const set = { answers: { stop: 'Adios', start: false, help: 'Llame al 911' } } as const
    await must({ kind: 'channelUpdated', channel, set })
    for (const text of ['ayuda', 'stop', 'start', 'help']) await must(says(text, { channel }))
    expect(await answers()).toEqual(['Llame al 911', 'Adios', 'Llame al 911'])
  })

  test('a word that several languages share is answered in that of the person', async () => {
    const contact = (await message(await must(says('hola')))).contact
    await must({ kind: 'contactUpdated', contact, set: { language: 'it-IT' } })
    await must(says('Stop'))
    expect(await answers()).toEqual([expect.stringContaining('Rispondi START')])
  })

  test('what comes late changes nothing: the later word counts, whichever comes first', async () => {
    const at = tick(60_000)
    await must(says('start', { at: at - 1 }))
    await must(says('stop', { at }))
    await must(says('alta', { at: at - 5000 }))
    expect(await one(outbound(marketing))).toMatchObject(refusal)
  })

  test('RULES F1: what is sent again is asked again, and what was enqueued since is not', async () => {
    const id = await send(marketing)
    const under = await attempt()
    const retry = { is: 'retry', failure: { code: 'providerFault' }, at: tick(0) } as const
    await settle(under, retry)
    await must(consent({}))
    expect(await attempt()).toBeDefined()
    expect(await message(id)).toMatchObject({ status: 'failed', failure: { code: 'optedOut' } })
    await send({ to: { kind: 'phone', value: '+5215500000001' }, ...marketing })
    expect(await settle(await attempt(), it.accepted('a2'))).toMatchObject({ ok: true })
  })

  test('somebody unknown may withdraw: nobody is made of it', async () => {
    expect(await one(consent({ source: 'provider', raw: 'stop' }))).toEqual({ ok: true })
    expect(await it.store.query('contacts', { workspace: it.workspace, limit: 9 })).toEqual([])
    expect((await log()).at(-1)).toMatchObject({ subject: it.channel, data: { id: null } })
    expect(await one(outbound(marketing))).toMatchObject(refusal)
  })

  test('RULES F1: whatever was said before, a file opens nothing', async () => {
    const state = fc.constantFrom('granted', 'withdrawn')
    const place = fc.constantFrom('own', 'every')
    const category = fc.constantFrom('marketing', 'service', 'all')
    const word = fc.record({ state, place, category, file: fc.boolean() })
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 6 }), async words => {
        const address: Address = { kind: 'phone', value: `+52155${String(++number).padStart(8, '0')}` }
        const isOpen = async (of: string) => {
          const { ok } = await one(
            outbound({ to: address, category: of, source: { kind: 'broadcast', id: null } }),
          )
          return ok
        }
        for (const { state, place, category, file } of words) {
          const before = [await isOpen('marketing'), await isOpen('service')]
          const channel = place === 'own' ? it.channel : null
          const source = file ? 'import' : 'api'
          await one(consent({ address, channel, category, state, source, at: tick(1) }))
          if (!file || state === 'withdrawn') continue
          expect([await isOpen('marketing'), await isOpen('service')]).toEqual(before)
        }
      }),
      { numRuns: 12, seed: 5 },
    )
  })
})

describe('who is who', () => {
  const it = createTrial(openInBulk)
  const { one, must, inbound, tick } = it

  test('RULES F2: merges that are taken back in any order leave everything as it was', async () => {
    const tags = await Promise.all(
      ['a', 'b', 'c'].map(name => must({ kind: 'tagCreated', id: newId('tag', 1), name })),
    )
    for (const key of ['f', 'g']) {
      const field = { key, title: key, type: 'text', options: null } as const
      await must({ kind: 'fieldCreated', field })
    }
    const second = newId('chn', 1)
    await must(channelOf(second, '333'))
    await fc.assert(
      fc.asyncProperty(fc.array(person(tags), { minLength: 4, maxLength: 4 }), order, async (made, how) => {
        const ids: ContactId[] = []
        for (const [index, { talks, channels, ...said }] of made.entries()) {
          const address: Address = { kind: 'phone', value: `+34${tick(1) % 1e6}${1000 + index}` }
          const contact = { kind: 'contactCreated' as const, source: 'api' as const, addresses: [address] }
          ids.push((await must({ ...contact, ...said })) as ContactId)
          for (const [number, channel] of channels.slice(0, talks).entries()) {
            const on = channel === 0 ? it.channel : second
            const key = `${address.value} ${number}`
            await must(inbound(key, { channel: on, address, at: tick(channel * 90_000 + 1) }))
          }
        }
        const before = await snapshot(ids)
        for (const [from, into] of how.merges) await one(merged(ids[from] ?? never(), ids[into] ?? never()))
        for (const each of how.splits) await one(parted(ids[each] ?? never()))
        expect(await snapshot(ids)).toEqual(before)
      }),
      { numRuns: 60, seed: 11 },
    )
  })

  /** Contacts and their conversations, but for when they were written last. */
  const snapshot = (ids: readonly ContactId[]) =>
    Promise.all(
      ids.map(async id => {
        const { workspace } = it
        const contact = await it.store.query('contact', { workspace, id })
        const page = { workspace, contact: id, limit: 50 }
        const conversations = await it.store.query('conversations', page)
        const messages = await it.store.query('messages', page)
        return {
          contact: { ...contact, updatedAt: null },
          conversations: conversations.map(each => ({ ...each, version: null })),
          messages: messages.map(message => message.id),
        }
      }),
    )
})

const BY = { kind: 'api', id: null } as const
const merged = (from: ContactId, into: ContactId): Change => ({ kind: 'contactMerged', from, into, by: BY })
const parted = (contact: ContactId): Change => ({ kind: 'contactSplit', contact, by: BY })
const never = (): never => {
  throw new Error('there are four of them')
}

const maybe = (...texts: string[]) => fc.constantFrom(null, ...texts)
const person = (tags: readonly string[]) =>
  fc.record({
    set: fc.record({ name: maybe('Ana', 'Eva'), language: maybe('es', 'pt'), country: maybe('MX') }),
    tags: fc.subarray([...tags] as TagId[]),
    fields: fc.oneof(fc.constant({}), fc.constant({ f: '1' }), fc.constant({ f: '2', g: '3' })),
    talks: fc.nat(3),
    channels: fc.array(fc.nat(1), { minLength: 3, maxLength: 3 }),
  })

/** Three merges, of which some are refused, and four splits in any order. */
const pair = fc.tuple(fc.nat(3), fc.nat(3))
const order = fc.record({
  merges: fc.array(pair, { minLength: 3, maxLength: 5 }),
  splits: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 }),
})
