import type { ToldTemplate } from '../../model/template.ts'
import type { Inbound, Io } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { idOf, languageOf, listedTemplate, TEMPLATE_STATUS } from '../meta/template.ts'
import type { Told } from './account.ts'
import { refuse } from './bounds.ts'
import { graphUrl, refusalOf } from './graph.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

export function readTemplateStatus(value: Json, told: Told): Inbound[] {
  const event = textIn(value, 'event')
  if (event === undefined) return [{ to: told.to, kind: 'rejected', why: 'templateShape' }]
  const status = TEMPLATE_STATUS.get(event)
  const category = textIn(value, 'message_template_category')
  const reason = reasonIn(value, told.change) ?? (status === undefined ? event : undefined)
  return template(value, told, event, {
    ...(status !== undefined && { status }),
    ...(category !== undefined && { category }),
    ...(reason !== undefined && { reason }),
  })
}

/** Why, in Meta's words. A sample has `rejection_info` beside `value`: both places are read (A5). */
function reasonIn(value: Json, change: Json): string | undefined {
  const rejection = objectIn(value, 'rejection_info') ?? objectIn(change, 'rejection_info')
  const other = objectIn(value, 'other_info')
  const words = [
    textIn(value, 'reason') === 'NONE' ? undefined : textIn(value, 'reason'),
    textIn(rejection, 'reason'),
    textIn(rejection, 'recommendation'),
    textIn(other, 'title'),
    textIn(other, 'description'),
    textIn(objectIn(value, 'disable_info'), 'disable_date'),
  ].filter(word => word !== undefined)
  return words.length === 0 ? undefined : [...new Set(words)].join(': ')
}

export function readTemplateQuality(value: Json, told: Told): Inbound[] {
  const quality = textIn(value, 'new_quality_score')
  return quality === undefined ? [] : template(value, told, quality, { quality })
}

/** `correct_category` alone announces what Meta will make of it (A7). */
export function readTemplateCategory(value: Json, told: Told): Inbound[] {
  const [category, correct] = [textIn(value, 'new_category'), textIn(value, 'correct_category')]
  if (category === undefined && correct === undefined) return []
  return template(value, told, category ?? `to ${correct}`, {
    ...(category !== undefined && { category }),
    ...(correct !== undefined && correct !== category && { reason: `The category should be ${correct}.` }),
  })
}

/** Meta names no id for such an event: what was told of which template and when must do (RULES B1). */
function template(value: Json, told: Told, word: string, says: Partial<ToldTemplate>): Inbound[] {
  const { account: to, at, field } = told
  const name = textIn(value, 'message_template_name')
  const language = textIn(value, 'message_template_language')
  if (name === undefined || language === undefined) return [{ to, kind: 'rejected', why: 'templateShape' }]
  const id = idOf(value['message_template_id'])
  const named = { name, language: languageOf(language), ...(id !== undefined && { id }) }
  const key = `${field}:${name}:${named.language}:${word}:${at}`
  return [{ to, kind: 'template', key, at, template: { ...named, ...says } }]
}

const PAGE = 200
/** 6,000 templates is what an account may have (A7). */
const PAGES_MAX = 60
const FIELDS = 'id,name,language,status,category,quality_score,rejected_reason,components'

/**
 * All templates of the account, page by page (PROVIDERS A1); none if the channel does not say which account it is of.
 * The cursor is taken rather than the address of the next page, which would lead past `apiBase`.
 * @throws SendFailure
 */
export async function templates(config: WhatsAppConfig, io: Io): Promise<ToldTemplate[]> {
  if (config.wabaId === undefined) return []
  const found: ToldTemplate[] = []
  let after: string | undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const cursor = after === undefined ? '' : `&after=${encodeURIComponent(after)}`
    const answer = await io.http({
      method: 'GET',
      url: `${graphUrl(config)}/${config.wabaId}/message_templates?fields=${FIELDS}&limit=${PAGE}${cursor}`,
      headers: { authorization: `Bearer ${config.accessToken}` },
      signal: io.signal,
    })
    if (answer.status !== 200) throw await refusalOf(answer, io)
    const body = objectOf(await answer.json()) ?? {}
    for (const item of listIn(body, 'data')) found.push(...listedTemplate(objectOf(item) ?? {}))
    const paging = objectIn(body, 'paging')
    after = textIn(objectIn(paging, 'cursors'), 'after')
    if (after === undefined || textIn(paging, 'next') === undefined) return found
  }
  // What is not in the list is taken for deleted: half of one would be worse than none.
  return refuse('contentTooLarge', 'templates', `more than ${PAGE * PAGES_MAX}`)
}
