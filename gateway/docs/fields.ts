import { html, line, type Markup, NOTHING } from './markup.ts'

/** JSON Schema, as much of it as `/openapi.json` uses. */
export type Schema = {
  type?: string
  description?: string
  properties?: Record<string, Schema>
  required?: readonly string[]
  items?: Schema
  anyOf?: readonly Schema[]
  enum?: readonly unknown[]
  const?: unknown
  additionalProperties?: boolean | Schema
  patternProperties?: Record<string, Schema>
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  default?: unknown
}

/** The fields of an object, and of what is in them, as nested lists; nothing for a plain value. */
export function fields(schema: Schema): Markup {
  const { properties, items, anyOf } = schema
  if (properties !== undefined && Object.keys(properties).length > 0) {
    const required = new Set(schema.required)
    const entries = Object.entries(properties)
    const items = entries.map(([name, field]) => entry(name, field, required.has(name)))
    return html`<ul class="fields">${items}</ul>`
  }
  if (items !== undefined) return fields(items)
  const choices = (anyOf ?? []).filter(choice => choice.type !== 'null')
  if (choices.length === 1) return fields(choices[0] ?? {})
  const inner = choices.map(choice => [choice, fields(choice)] as const)
  if (inner.every(([, shown]) => shown === NOTHING)) return NOTHING
  return html`<ul class="choices">${inner.map(
    ([choice, shown]) => html`<li><em>${kindOf(choice)}</em> ${line(choice.description ?? '')}${shown}</li>`,
  )}</ul>`
}

function entry(name: string, field: Schema, isRequired: boolean): Markup {
  const mark = isRequired ? html` <b>required</b>` : NOTHING
  return html`<li><code>${name}</code> <i>${typeOf(field)}</i>${mark} ${about(field)}${fields(field)}</li>`
}

/** Its description and its bounds. */
export function about(schema: Schema): Markup {
  const fallback = schema.default === undefined ? '' : `${String(schema.default)} if absent`
  const told = [boundsOf(schema), fallback].filter(text => text !== '').join(', ')
  const inner = schema.description ?? choicesOf(schema)[0]?.description ?? ''
  return html`${line(inner)}${told === '' ? '' : ` (${told})`}`
}

/** What a value is, in a few words. */
export function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(value => String(value)).join(' | ')
  if (schema.anyOf !== undefined) {
    const kinds = [...new Set(choicesOf(schema).map(typeOf))].join(' | ')
    return choicesOf(schema).length < schema.anyOf.length ? `${kinds} or null` : kinds
  }
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  return schema.format ?? schema.type ?? 'any'
}

/** The word that tells the choices of a union apart. */
function kindOf(choice: Schema): string {
  const { type } = choice.properties ?? {}
  if (type !== undefined) return typeOf(type)
  const names = Object.keys(choice.properties ?? {})
  return names.length === 0 ? typeOf(choice) : `{ ${(choice.required ?? names).join(', ')} }`
}

function choicesOf({ anyOf = [] }: Schema): Schema[] {
  return anyOf.filter(choice => choice.type !== 'null')
}

function boundsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema
  const range = (low: number | undefined, high: number | undefined, what: string): string => {
    if (low === undefined && high === undefined) return ''
    if (high === undefined) return `at least ${low}${what}`
    return low === undefined ? `at most ${high}${what}` : `${low} to ${high}${what}`
  }
  const bounds = [
    range(minimum, maximum, ''),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' items'),
  ]
  return bounds.filter(text => text !== '').join(', ')
}
