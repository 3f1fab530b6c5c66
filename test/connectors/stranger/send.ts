import type { HttpAnswer, Io, Outbound, Sent } from '../../../connectors/connector.ts'
import { numberIn, objectIn, objectOf, textIn } from '../../../connectors/kit/json.ts'
import { retryAfterMs } from '../../../connectors/kit/retry-after.ts'
import { type Failure, SendFailure } from '../../../model/failure.ts'
import type { PapyrusConfig } from './papyrus.ts'

/** Papyrus' own errors, as its page lists them. */
const FAILURE: ReadonlyMap<number, Failure['code']> = new Map([
  [10, 'credentials'],
  [11, 'payment'],
  [20, 'throttledAccount'],
  [21, 'throttledRecipient'],
  [30, 'recipientInvalid'],
  [31, 'optedOut'],
])

export async function send(part: Outbound, config: PapyrusConfig, io: Io): Promise<Sent> {
  const { content, address, reference } = part
  if (content.type !== 'text') throw new SendFailure({ code: 'contentUnsupported' })
  const answer = await io.http({
    method: 'POST',
    url: `${config.apiBase ?? 'https://api.papyrus.example'}/v1/texts`,
    headers: { authorization: `Bearer ${config.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ from: config.from, to: address.value, text: content.text, ref: reference }),
    signal: io.signal,
  })
  if (answer.status > 299) throw await refusalOf(answer)
  const id = textIn(objectOf(await answer.json()), 'id')
  if (id === undefined) throw new SendFailure({ code: 'noAnswer' })
  return { providerIds: [id], raw: 'taken' }
}

/** What is not in Papyrus' own words may come from something in between. */
export async function refusalOf(answer: HttpAnswer): Promise<SendFailure> {
  const error = objectIn(objectOf(await answer.json()) ?? {}, 'error')
  const code = error && numberIn(error, 'code')
  if (code === undefined) return new SendFailure({ code: answer.status >= 500 ? 'noAnswer' : 'badRequest' })
  const wait = retryAfterMs(answer.headers['retry-after'], 0)
  return new SendFailure({
    code: FAILURE.get(code) ?? 'badRequest',
    provider: { code: String(code), title: textIn(error, 'message') ?? '' },
    ...(wait !== undefined && { retryAfterMs: wait }),
  })
}
