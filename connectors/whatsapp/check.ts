import type { Health, Live } from '../../model/channel.ts'
import { SendFailure } from '../../model/failure.ts'
import type { Io } from '../connector.ts'
import { type Json, objectIn, objectOf, textIn } from '../kit/json.ts'
import { numberUrl, refusalOf } from './graph.ts'
import { LEVELS, qualityOf, tierOf } from './tier.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** PROVIDERS A1. */
const FIELDS = 'quality_rating,whatsapp_business_manager_messaging_limit,throughput,name_status,status'

/** Words for a number that sends nothing (A1 names the field; its words are unconfirmed). Others say nothing. */
const OUT_OF_ORDER: ReadonlySet<string> = new Set([
  'BANNED',
  'DELETED',
  'DISCONNECTED',
  'MIGRATED',
  'RESTRICTED',
])

/** Proves token and number, and reads on the way what the number may send. */
export async function check(config: WhatsAppConfig, io: Io): Promise<Health & { live?: Live }> {
  try {
    const answer = await io.http({
      method: 'GET',
      url: `${numberUrl(config)}?fields=${FIELDS}`,
      headers: { authorization: `Bearer ${config.accessToken}` },
      signal: io.signal,
    })
    if (answer.status !== 200) throw await refusalOf(answer, io)
    const number = objectOf(await answer.json())
    const live = liveOf(number)
    return { ...healthOf(number), at: io.now(), ...(live !== undefined && { live }) }
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    const { code, provider } = error.failure
    const why = [code, provider?.code, provider?.title].filter(word => word !== undefined).join(': ')
    // Not reached is not refused: what was known about the credentials stays unknown.
    const state = code === 'unreachable' || code === 'noAnswer' ? 'unknown' : 'failing'
    return { state, why, at: io.now() }
  }
}

function healthOf(number: Json | undefined): Health {
  const status = textIn(number, 'status')
  if (status === undefined || !OUT_OF_ORDER.has(status)) return { state: 'ok' }
  return { state: 'failing', why: `Meta calls the number ${status}.` }
}

/** What is not told stays as it was. */
function liveOf(number: Json | undefined): Live | undefined {
  const tier = tierOf(number?.['whatsapp_business_manager_messaging_limit'])
  const quality = qualityOf(number?.['quality_rating'])
  const perSecond = LEVELS.get(textIn(objectIn(number, 'throughput'), 'level') ?? '')
  const live: Live = {
    ...(tier !== undefined && { tier }),
    ...(quality !== undefined && { quality }),
    ...(perSecond !== undefined && { perSecond }),
  }
  return Object.keys(live).length === 0 ? undefined : live
}
