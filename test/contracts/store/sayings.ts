import type { Address } from '../../../model/address.ts'
import type { Change } from '../../../model/change.ts'
import type { Consented } from '../../../model/consent.ts'
import type { ContactId } from '../../../model/ids.ts'
import { ANA, channelOf, newId, type Trial } from './trial.ts'

export const marketing = { category: 'marketing' } as const
export const refusal = { ok: false, code: 'optedOut' } as const

/** What people say about what may be sent to them, and what came of it. */
export function sayings(it: Trial) {
  const { must, inbound, tick } = it
  const says = (text: string, more: object = {}): Change =>
    inbound(`${text} ${tick(1)}`, { content: { type: 'text', text }, at: tick(0), ...more })
  const consent = (more: object): Change => {
    const known = { kind: 'consented', channel: it.channel, address: ANA, category: 'marketing', at: tick(0) }
    return { ...known, state: 'withdrawn', source: 'api', raw: null, ...more } as Consented
  }
  const consents = async (contact: string) =>
    (await it.store.query('consents', { workspace: it.workspace, contact: contact as ContactId })) ?? []
  const contactAt = async (address: Address) => {
    const found = await it.store.query('contactByAddress', { workspace: it.workspace, address })
    if (found === null) throw new Error('nobody is there')
    return found
  }
  /** A channel on which STOP closes everything, as SMS does. */
  const smsChannel = async () => {
    const id = newId('chn', 1)
    await must({ ...(channelOf(id, '222') as object), stops: 'all' } as Change)
    return id
  }
  const answers = async () => {
    const all = await it.store.query('messages', {
      workspace: it.workspace,
      limit: 50,
      direction: 'outbound',
    })
    return all.map(({ content }) => ('text' in content ? content.text : '')).toReversed()
  }
  return { says, consent, consents, contactAt, smsChannel, answers }
}
