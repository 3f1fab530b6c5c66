import type { Address } from '../../model/address.ts'
import type { HttpAnswer, Io } from '../connector.ts'
import { objectOf } from '../kit/json.ts'
import { failureOf } from './failure.ts'
import { type Errors, refusalOf } from './refusal.ts'

/** The Page or Instagram account that a request is made for: all that differs between the two channels. */
export type Account = {
  kind: Extract<Address['kind'], 'messenger' | 'instagram'>
  /** `…/v26.0/<id>`: sends go to `/messages` under it, uploads to `/message_attachments`. */
  url: string
  accessToken: string
  /** Said with uploads of a Page's Instagram account: without it they are the Page's own (C3). */
  platform?: 'instagram'
}

export const ERRORS: Errors = { failureOf, bySubcode: true }

/** Sends JSON to `<account>/messages`. @throws SendFailure */
export async function post(account: Account, body: object, io: Io): Promise<HttpAnswer> {
  const answer = await io.http({
    method: 'POST',
    url: `${account.url}/messages`,
    headers: { authorization: `Bearer ${account.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: io.signal,
  })
  if (answer.status < 200 || answer.status > 299) throw await refusalOf(answer, io, ERRORS)
  return answer
}

/** The JSON object at `url`. @throws SendFailure */
export async function ask(url: string, accessToken: string, io: Io): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = await io.http({ method: 'GET', url, headers, signal: io.signal })
  if (answer.status !== 200) throw await refusalOf(answer, io, ERRORS)
  return objectOf(await answer.json()) ?? {}
}
