import type { SimFiles } from '../kit/sim/files.ts'
import { prefixOf, type SimAccount } from './sim-messages.ts'

/** A message of a person to one of the senders. */
export type InjectedMessage = {
  /** A phone with `+`; what the sender is (`whatsapp:`) is put in front. */
  from: string
  /** The first sender if absent. */
  to?: string
  name?: string
  text?: string
  media?: readonly { bytes: Buffer; mimeType: string }[]
  /** What else people do, by its name in `SAMPLES`. */
  sample?: string
  /** Other parameters, such as `OptOutType`. */
  extra?: Readonly<Record<string, string>>
}

type Sample = Pick<InjectedMessage, 'text' | 'media' | 'extra'>

const PICTURE = { bytes: Buffer.from('the bytes of a picture'), mimeType: 'image/jpeg' }
const CARD = { bytes: Buffer.from('BEGIN:VCARD\r\nFN:Ana\r\nEND:VCARD\r\n'), mimeType: 'text/vcard' }

/** One of every kind (PROVIDERS E1); the later ones only channels have. */
const SAMPLES: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  ['picture', { text: 'our house', media: [PICTURE] }],
  ['pictures', { media: [PICTURE, PICTURE] }],
  ['card', { media: [CARD] }],
  ['stop', { text: 'STOP', extra: { OptOutType: 'STOP' } }],
  ['start', { text: 'START', extra: { OptOutType: 'START' } }],
  ['help', { text: 'HELP', extra: { OptOutType: 'HELP' } }],
  ['button', { text: 'Yes', extra: { ButtonText: 'Yes', ButtonPayload: 'yes', MessageType: 'button' } }],
  ['location', { extra: { Latitude: '19.4326', Longitude: '-99.1332', Label: 'Zócalo' } }],
  ['referral', { text: 'Hi', extra: { ReferralHeadline: 'Sale', ReferralSourceType: 'ad' } }],
])

export type SimPeople = {
  /** The form of a webhook that tells it. @throws Error for a sender or a sample that there is not */
  form(message: InjectedMessage): Record<string, string>
  optOut(phone: string): void
  resume(phone: string): void
  /** Whether the person of this address (`whatsapp:` or not) had enough. */
  optedOut(address: string): boolean
}

export function createPeople(world: {
  accounts: readonly SimAccount[]
  files: SimFiles
  nextSid: (prefix: string) => string
  origin: () => string
}): SimPeople {
  const { accounts, files, nextSid, origin } = world
  const out = new Set<string>()
  const urlOf = (
    accountSid: string,
    sid: string,
    { bytes, mimeType }: { bytes: Buffer; mimeType: string },
  ): string =>
    `${origin()}/2010-04-01/Accounts/${accountSid}/Messages/${sid}/Media/ME${files.put(bytes, mimeType)}`
  return {
    form: injected => {
      const sample = injected.sample === undefined ? {} : SAMPLES.get(injected.sample)
      if (sample === undefined) throw new Error(`no such sample: try ${[...SAMPLES.keys()].join(', ')}`)
      const {
        from,
        to = accounts[0]?.senders[0] ?? '',
        name,
        text = '',
        media = [],
        extra,
      } = { ...injected, ...sample }
      const account = accounts.find(({ senders }) => senders.includes(to))
      if (account === undefined) throw new Error(`no such sender: ${to}`)
      const sid = nextSid(media.length > 0 ? 'MM' : 'SM')
      const service = Object.entries(account.services).find(([, pool]) => pool.includes(to))?.[0]
      if (text === 'STOP') out.add(from)
      if (text === 'START') out.delete(from)
      return {
        ToCountry: 'US',
        MessageSid: sid,
        SmsSid: sid,
        SmsMessageSid: sid,
        AccountSid: account.accountSid,
        From: prefixOf(to) + from,
        To: to,
        Body: text,
        NumMedia: String(media.length),
        NumSegments: '1',
        SmsStatus: 'received',
        ApiVersion: '2010-04-01',
        ...(service !== undefined && Object.fromEntries([['MessagingServiceSid', service]])),
        ...(prefixOf(to) === 'whatsapp:' && { ProfileName: name ?? 'Ana', WaId: from.slice(1) }),
        ...Object.fromEntries(
          media.flatMap((file, index) => [
            [`MediaUrl${index}`, urlOf(account.accountSid, sid, file)],
            [`MediaContentType${index}`, file.mimeType],
          ]),
        ),
        ...extra,
      }
    },
    optOut: phone => {
      out.add(phone)
    },
    resume: phone => {
      out.delete(phone)
    },
    optedOut: address => out.has(address.slice(prefixOf(address).length)),
  }
}
