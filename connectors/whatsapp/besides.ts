import type { Besides, REFERRAL_FIELDS, Referral } from '../../model/message.ts'
import { type Json, objectIn, textIn } from '../kit/json.ts'

/** The sub-objects that any message may have besides what it says (PROVIDERS A3). */
export function besidesIn(message: Json): Omit<Besides, 'author'> | undefined {
  const [context, referral] = [objectIn(message, 'context'), objectIn(message, 'referral')]
  // Nearly every message has neither.
  if (context === undefined && referral === undefined) return undefined
  const forwarded =
    context?.['frequently_forwarded'] === true ? 'often' : context?.['forwarded'] === true ? true : undefined
  const about = objectIn(context, 'referred_product')
  const productId = textIn(about, 'product_retailer_id')
  const ad = referral && referralOf(referral)
  if (forwarded === undefined && productId === undefined && ad === undefined) return undefined
  return {
    ...(forwarded !== undefined && { forwarded }),
    ...(ad !== undefined && { referral: ad }),
    ...(productId !== undefined && {
      product: { catalogId: textIn(about, 'catalog_id') ?? null, productId },
    }),
  }
}

type Field = (typeof REFERRAL_FIELDS)[number]

/** Where each field of a referral stands, the first of several that is told. */
const REFERRAL: readonly (readonly [Field, (referral: Json) => string | undefined])[] = [
  ['sourceType', referral => textIn(referral, 'source_type')],
  ['sourceId', referral => textIn(referral, 'source_id')],
  ['sourceUrl', referral => textIn(referral, 'source_url')],
  ['headline', referral => textIn(referral, 'headline')],
  ['body', referral => textIn(referral, 'body')],
  ['mediaType', referral => textIn(referral, 'media_type')],
  ['mediaUrl', referral => textIn(referral, 'image_url') ?? textIn(referral, 'video_url')],
  ['thumbnailUrl', referral => textIn(referral, 'thumbnail_url')],
  ['ctwaClid', referral => textIn(referral, 'ctwa_clid')],
  ['welcomeText', referral => textIn(objectIn(referral, 'welcome_message'), 'text')],
]

function referralOf(object: Json): Referral | undefined {
  const told = REFERRAL.flatMap(([field, read]) => {
    const text = read(object)
    return text === undefined ? [] : [[field, text] as const]
  })
  return told.length === 0 ? undefined : Object.fromEntries(told)
}
