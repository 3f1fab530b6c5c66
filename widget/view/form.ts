import type { FormField } from '../../connectors/webchat/frames.ts'
import type { TextKey } from '../texts/en.ts'
import { element, setAttribute } from './element.ts'
import type { Stage } from './stage.ts'

/** What the channel asks before the first message. */
export function formBeforeFirst(
  fields: readonly FormField[],
  stage: Stage,
): { root: HTMLElement; focus(): void } {
  const { say } = stage.words
  const parts = fields.map((field, at) => fieldView(field, `omnibus-form-${at}`, stage))
  const submit = (event: Event): void => {
    event.preventDefault()
    const wrong = parts.filter(part => !part.check())
    if (wrong[0] !== undefined) {
      wrong[0].input.focus()
      return
    }
    const filled = parts.map(part => [part.name, part.value()] as const).filter(([, value]) => value !== '')
    stage.client.fill(Object.fromEntries(filled))
    stage.focusInput()
  }
  const root = element(
    'form',
    { class: 'form', novalidate: true, on: { submit } },
    ...parts.map(part => part.root),
    element('button', { class: 'primary', type: 'submit' }, say('start')),
  )
  return { root, focus: () => parts[0]?.input.focus({ preventScroll: true }) }
}

type Part = {
  name: string
  root: HTMLElement
  input: HTMLElement
  value(): string
  /** Whether the value may be sent; says what is wrong otherwise. */
  check(): boolean
}

function fieldView(field: FormField, id: string, stage: Stage): Part {
  const { say, label } = stage.words
  const error = element('p', { class: 'bad', id: `${id}-error`, hidden: true })
  const input = inputOf(field, id, stage)
  const value = (): string => answerOf(input)
  const check = (): boolean => {
    const key = whyWrong(field, value())
    error.textContent = key === undefined ? '' : say(key)
    error.hidden = key === undefined
    setAttribute(input, 'aria-invalid', key !== undefined)
    setAttribute(input, 'aria-describedby', key === undefined ? undefined : error.id)
    return key === undefined
  }
  // A mistake is pointed out when it is made, and taken back while it is mended.
  input.addEventListener('change', () => check())
  input.addEventListener('input', () => error.hidden || check())
  const name = element(
    'label',
    { for: id },
    label(field.label),
    field.required === true && element('span', { class: 'star', 'aria-hidden': 'true' }, ' *'),
  )
  const root = element('div', { class: `field ${field.kind}` }, name, input, error)
  return { name: field.name, root, input, value, check }
}

type Input = HTMLInputElement | HTMLSelectElement

const INPUTS = {
  text: { type: 'text' },
  email: { type: 'email', autocomplete: 'email', inputmode: 'email' },
  phone: { type: 'tel', autocomplete: 'tel', inputmode: 'tel' },
  checkbox: { type: 'checkbox' },
} as const

function inputOf({ kind, name, required, options = [] }: FormField, id: string, stage: Stage): Input {
  const common = { id, name, required: required === true }
  if (kind !== 'select') {
    const autocomplete = kind === 'text' && name === 'name' ? 'name' : undefined
    return element('input', { maxlength: 300, autocomplete, ...INPUTS[kind], ...common })
  }
  const choices = options.map(option => element('option', { value: option }, option))
  return element('select', common, element('option', { value: '' }, stage.words.say('select')), ...choices)
}

function answerOf(input: Input): string {
  if (input.type === 'checkbox') return (input as HTMLInputElement).checked ? 'true' : ''
  return input.value.trim()
}

/** Loose on purpose: what is surely wrong, not what is surely right. */
export function whyWrong({ kind, required }: FormField, value: string): TextKey | undefined {
  if (value === '') return required === true ? 'required' : undefined
  if (kind === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(value)) return 'badEmail'
  if (kind === 'phone' && !/^\+?\d{8,15}$/.test(value.replace(/[\s().-]/g, ''))) return 'badPhone'
  return undefined
}
