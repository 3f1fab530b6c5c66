import type { ToldTemplate } from '../../model/template.ts'
import type { Inbound, Io } from '../connector.ts'
import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type Account, ask } from '../meta/account.ts'
import type { Entry } from '../meta/messaging.ts'
import { listedTemplate, toldTemplate } from '../meta/template.ts'

const FIELDS = 'id,name,language,status,category,rejected_reason,components'
/** Pages of 100 that are read of the list. */
const PAGES_MAX = 20

/**
 * The Page's utility templates (PROVIDERS B4). The cursor is taken rather than the address of the next page, which
 * would lead past `apiBase`. @throws SendFailure
 */
export async function readTemplates({ url, accessToken }: Account, io: Io): Promise<ToldTemplate[]> {
  const found: ToldTemplate[] = []
  let after = ''
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const cursor = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const body = await ask(`${url}/message_templates?fields=${FIELDS}&limit=100${cursor}`, accessToken, io)
    found.push(...listIn(body, 'data').flatMap(item => listedTemplate(objectOf(item) ?? {})))
    const paging = objectIn(body, 'paging')
    after = textIn(objectIn(paging, 'cursors'), 'after') ?? ''
    if (after === '' || textIn(paging, 'next') === undefined) break
  }
  return found
}

/** Approved, rejected, paused (B2): Meta gives such news no id, so that what was told of which and when must do. */
export function readTemplateNews(value: Json, { id: to, at }: Entry): Inbound {
  const template = toldTemplate(value)
  if (template === undefined || at === undefined) return { to, kind: 'rejected', why: 'templateShape' }
  const key = ['template', template.name, template.language, textIn(value, 'event'), at].join(' ')
  return { to, kind: 'template', key, at, template }
}
