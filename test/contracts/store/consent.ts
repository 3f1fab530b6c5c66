import { describe, expect, test } from 'vitest'
import type { Address } from '../../../model/address.ts'
import type { MessageId } from '../../../model/ids.ts'
import { marketing, refusal, sayings } from './sayings.ts'
import { ANA, type Trial } from './trial.ts'

/** The same line without the old 1. */
const OLD_ANA: Address = { kind: 'phone', value: '+525512345678' }

/** What may be sent to whom: RULES F1, A6. */
export function consentLaws(it: Trial): void {
  const { one, must, inbound, outbound, send, message, log, attempt, settle, told, tick } = it
  const { says, consent, consents, contactAt, smsChannel, answers } = sayings(it)

  describe('words', () => {
    test('RULES F1: STOP closes marketing, answers once, and START opens again', async () => {
      await must(says('Hola'))
      await must(says('¡Parar!'))
      expect(await one(outbound(marketing))).toMatchObject(refusal)
      expect(await one(outbound())).toMatchObject({ ok: true })
      await must(says('STOP'))
      expect(await answers()).toEqual([expect.stringContaining('ALTA'), 'hola'])
      await must(says('alta'))
      expect(await one(outbound(marketing))).toMatchObject({ ok: true })
      expect((await contactAt(ANA)).consent).toEqual({ marketing: 'granted', service: 'unknown' })
      expect((await log()).filter(event => event.type === 'contact.consent')).toMatchObject([
        { data: { category: 'marketing', state: 'withdrawn', source: 'contact', raw: 'parar' } },
        { data: { category: 'marketing', state: 'granted', source: 'contact', raw: 'alta' } },
      ])
    })

    test('RULES F1: on SMS it closes everything for that sender, and no road leads there', async () => {
      const channel = await smsChannel()
      const first = await message(await must(says('hola', { channel })))
      await must(says('fin', { channel }))
      for (const category of ['marketing', 'service', 'utility', 'authentication'] as const) {
        expect(await one(outbound({ channel, category }))).toMatchObject(refusal)
      }
      const { contact, conversation } = first
      const roads = [{ contact }, { conversation }, { channel, contact }, { channel, to: OLD_ANA }]
      for (const road of roads) {
        const away = { channel: undefined, to: undefined, ...road }
        expect(await one(outbound({ ...away, source: { kind: 'agent', id: null } }))).toMatchObject({
          ...refusal,
          detail: expect.stringMatching(/^optedOut: phone:\+52.* withdrew consent for service on .*chn_/),
        })
      }
      // Another sender is another matter.
      expect(await one(outbound())).toMatchObject({ ok: true })
      await must(says('start', { channel }))
      expect(await one(outbound({ channel }))).toMatchObject({ ok: true })
    })

    test('what the provider answered by itself is not answered again', async () => {
      const channel = await smsChannel()
      const at = tick(0)
      const item = { kind: 'consented', channel, address: ANA, category: 'all', state: 'withdrawn' } as const
      await it.commit([{ ...item, source: 'provider', raw: 'STOP', at }, says('stop', { channel, at })])
      expect(await answers()).toEqual([])
    })
  })

  describe('consent', () => {
    test('RULES F1: it is asked again at the attempt, and the timeline says why it failed', async () => {
      const id = await send(marketing)
      await must(consent({}))
      const { items, fence } = await it.held()
      const lease = { group: 'whatsapp:1', fence }
      const now = {
        kind: 'attempted',
        message: id,
        lease,
        part: 0,
        attempt: 1,
        parts: 2,
        queued: false,
      } as const
      expect(items.map(item => item.message)).toEqual([id])
      expect(await one(now)).toMatchObject({ ok: true, ended: true })
      expect(await one(now)).toMatchObject({ ok: false, code: 'stale' })
      expect(await message(id)).toMatchObject({ status: 'failed', failure: { code: 'optedOut' } })
      const timeline = await it.store.query('timeline', { workspace: it.workspace, id: id as MessageId })
      expect(timeline.at(-1)).toMatchObject({
        kind: 'failed',
        detail: { code: 'optedOut', category: 'marketing' },
      })
      expect((await it.held()).items).toEqual([])
    })

    test.each([
      ['a refusal', 'whatsapp', { marketing: 'withdrawn', service: 'unknown' }],
      ['a receipt', 'whatsapp', { marketing: 'withdrawn', service: 'unknown' }],
      ['a refusal', 'sms', { marketing: 'withdrawn', service: 'withdrawn' }],
    ])('PROVIDERS rule 10: %s of the provider on %s is a fact about the person', async (way, kind, sums) => {
      const channel = kind === 'sms' ? await smsChannel() : it.channel
      await send({ channel, ...marketing })
      const failure = { code: 'optedOut', provider: { code: '131050' } } as const
      const under = await attempt()
      if (way === 'a receipt') {
        await settle(under, it.accepted('w1'))
        await one(told({ providerId: 'w1' }, 'failed', tick(0), { failure }))
      } else await settle(under, { is: 'failed', failure })
      expect((await contactAt(ANA)).consent).toEqual(sums)
      expect((await log()).at(-1)).toMatchObject({
        type: 'contact.consent',
        data: { state: 'withdrawn', source: 'provider', raw: '131050' },
      })
      expect(await one(outbound({ channel, ...marketing }))).toMatchObject(refusal)
    })

    test('RULES F1: an address, a channel and a category each have their own', async () => {
      const { contact } = await message(await must(inbound('m1')))
      await must({ kind: 'contactUpdated', contact, addAddresses: [{ kind: 'email', value: 'Ana@B.co' }] })
      await must(consent({ category: 'service' }))
      const every = { channel: null, address: { kind: 'email', value: 'ana@b.co' }, state: 'granted' }
      await must(consent(every))
      expect(await consents(contact)).toMatchObject([
        { address: ANA, channel: it.channel, category: 'service', state: 'withdrawn' },
        {
          address: { kind: 'email', value: 'Ana@B.co' },
          channel: null,
          category: 'marketing',
          state: 'granted',
        },
      ])
      expect((await contactAt(ANA)).consent).toEqual({ marketing: 'granted', service: 'withdrawn' })
      await must(consent({}))
      expect((await contactAt(ANA)).consent).toMatchObject({ marketing: 'mixed' })
      expect(await one(outbound(marketing))).toMatchObject(refusal)
    })

    test('what closes every channel closes the open ones; what opens every channel leaves a STOP', async () => {
      await must(says('stop'))
      await must(consent({ channel: null, state: 'granted', at: tick(1000) }))
      expect(await one(outbound(marketing))).toMatchObject(refusal)
      await must(says('start', { at: tick(1000) }))
      expect(await one(outbound(marketing))).toMatchObject({ ok: true })
      await must(consent({ channel: null, at: tick(1000) }))
      expect(await one(outbound(marketing))).toMatchObject(refusal)
    })

    test('RULES A6: it survives the erasure of the person, and no row of it holds the address', async () => {
      const { contact } = await message(await must(says('stop')))
      await must({ kind: 'contactDeleted', contact, erase: true })
      expect(await one(outbound(marketing))).toMatchObject(refusal)
      const again = await message(await must(inbound('m2', { at: tick(1) })))
      expect(again.contact).not.toBe(contact)
      const rows = await consents(again.contact)
      expect(rows).toMatchObject([
        { channel: null, raw: 'erased' },
        { channel: it.channel, raw: 'stop' },
      ])
      const said = (await log()).filter(event => event.type === 'contact.consent')
      expect(JSON.stringify(said)).not.toContain(ANA.value)
    })
  })
}
