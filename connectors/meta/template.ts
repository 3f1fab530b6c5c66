import type { TemplateValues } from '../../model/content.ts'
import type { TemplateStatus, ToldTemplate } from '../../model/template.ts'
import { type Json, objectIn, textIn } from '../kit/json.ts'

/** By position when every name is a number, otherwise by name; mixing them is refused (PROVIDERS A13). */
export function valuesOf(values: TemplateValues): Json[] {
  const names = Object.keys(values)
  if (!names.every(name => /^\d+$/.test(name))) {
    return names.map(name => ({ type: 'text', parameter_name: name, text: values[name] }))
  }
  return names.sort((a, b) => Number(a) - Number(b)).map(name => ({ type: 'text', text: values[name] }))
}

/** Sends want `es_MX`; webhooks and people also write `es-MX` (PROVIDERS A7). */
export function languageOf(language: string): string {
  return language.replaceAll('-', '_')
}

/**
 * What Meta calls the states of a template, in webhooks and in lists (PROVIDERS A5, A7, B2). `FLAGGED` (bad feedback so
 * far) and `LOCKED` (not to be edited) are not here: such templates are sent as before.
 */
export const TEMPLATE_STATUS: ReadonlyMap<string, TemplateStatus> = new Map([
  ['APPROVED', 'approved'],
  ['REINSTATED', 'approved'],
  ['PENDING', 'pending'],
  ['IN_APPEAL', 'pending'],
  ['REJECTED', 'rejected'],
  // More templates than the account may have.
  ['LIMIT_EXCEEDED', 'rejected'],
  ['PAUSED', 'paused'],
  ['DISABLED', 'disabled'],
  ['ARCHIVED', 'disabled'],
  ['PENDING_DELETION', 'deleted'],
  ['DELETED', 'deleted'],
])

/** What a webhook tells of a template; undefined if it does not say of which. */
export function toldTemplate(value: Json): ToldTemplate | undefined {
  const name = textIn(value, 'message_template_name')
  const language = textIn(value, 'message_template_language')
  if (name === undefined || language === undefined) return undefined
  return templateOf(name, language, {
    id: value['message_template_id'],
    word: textIn(value, 'event'),
    category: textIn(value, 'message_template_category'),
    reason: textIn(value, 'reason'),
  })
}

/** An entry of `GET /…/message_templates`. */
export function listedTemplate(item: Json): ToldTemplate[] {
  const name = textIn(item, 'name')
  const language = textIn(item, 'language')
  if (name === undefined || language === undefined) return []
  const template = templateOf(name, language, {
    id: item['id'],
    word: textIn(item, 'status'),
    category: textIn(item, 'category'),
    reason: textIn(item, 'rejected_reason'),
  })
  const quality = textIn(objectIn(item, 'quality_score'), 'score')
  return [
    {
      ...template,
      ...(quality !== undefined && { quality }),
      ...(Array.isArray(item['components']) && { components: item['components'] }),
    },
  ]
}

type Facts = {
  id: unknown
  word: string | undefined
  category: string | undefined
  reason: string | undefined
}

function templateOf(name: string, language: string, { id, word, category, reason }: Facts): ToldTemplate {
  const known = idOf(id)
  return {
    name,
    language: languageOf(language),
    ...(known !== undefined && { id: known }),
    ...(word !== undefined && { status: TEMPLATE_STATUS.get(word) ?? 'unknown' }),
    ...(category !== undefined && { category }),
    ...(reason !== undefined && reason !== 'NONE' && { reason }),
  }
}

/** A number in webhooks. One that JSON could not hold was rounded, and names another template: none is better. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}
