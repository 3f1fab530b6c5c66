import type { Address } from '../../model/address.ts'
import type { Besides, REFERRAL_FIELDS, Referral } from '../../model/message.ts'
import { type Json, objectIn, textIn } from '../kit/json.ts'

/** Who wrote, to be told with everything they wrote. */
export type Person = { address: Address | undefined; isEcho: boolean; standby: boolean }

type Told = { besides?: Besides; context?: Record<string, string> }

/** What an item tells besides its content: which advertisement or link led here, and that the thread is another's. */
export function toldWith(item: Json, { standby }: Pick<Person, 'standby'>): Told {
  const object = objectIn(item, 'referral')
  // Nearly every message has neither.
  if (object === undefined && !standby) return {}
  const referral = object && referralOf(object)
  // Asked about from a shop's product (PROVIDERS C2).
  const productId = textIn(objectIn(object, 'product'), 'id')
  const besides: Besides = {
    ...(referral !== undefined && { referral }),
    ...(productId !== undefined && { product: { catalogId: null, productId } }),
    ...(standby && { standby }),
  }
  const context = contextOf(besides)
  return {
    ...(Object.keys(besides).length > 0 && { besides }),
    ...(context !== undefined && { context }),
  }
}

type Field = (typeof REFERRAL_FIELDS)[number]

/** Where each field of a referral stands (PROVIDERS B2), the first of several that is told. */
const REFERRAL: readonly (readonly [Field, (referral: Json, ad: Json | undefined) => string | undefined])[] =
  [
    ['ref', referral => textIn(referral, 'ref')],
    ['sourceType', referral => textIn(referral, 'source')],
    ['sourceId', referral => textIn(referral, 'ad_id')],
    ['sourceUrl', referral => textIn(referral, 'referer_uri')],
    ['headline', (_, ad) => textIn(ad, 'ad_title')],
    ['mediaUrl', (_, ad) => textIn(ad, 'photo_url') ?? textIn(ad, 'video_url')],
  ]

function referralOf(object: Json): Referral | undefined {
  const ad = objectIn(object, 'ads_context_data')
  const told = REFERRAL.flatMap(([field, read]) => {
    const text = read(object, ad)
    return text === undefined ? [] : [[field, text] as const]
  })
  return told.length === 0 ? undefined : Object.fromEntries(told)
}

/** The referral for the conversation that the message opens: a flat map, in which other things may stand as well. */
export function contextOf(besides: Besides | undefined): Record<string, string> | undefined {
  if (besides?.referral === undefined) return undefined
  return Object.fromEntries(
    Object.entries(besides.referral).map(([field, text]) => [`referral.${field}`, text]),
  )
}
