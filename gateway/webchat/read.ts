import { type TSchema, Type } from 'typebox'
import type { VisitorFrame } from '../../connectors/webchat/frames.ts'
import { explain } from '../explain.ts'

/** `wrong`: what to answer; `id`: of the message that was meant. `unknown`: of a type that a later page may know. */
export type ReadFrame = { frame: VisitorFrame } | { wrong: string; id?: string } | { unknown: string }

/** Ids in one receipt. */
const IDS_MAX = 100
const FORM_MAX = 20

/**
 * One text frame of a page (`connectors/webchat/frames.ts`). Fields that are not known are let be: the page may be
 * newer than we are. A text may be longer here than a message may be, so that it can be refused by its name.
 */
export function readFrame(text: string): ReadFrame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { wrong: 'A frame is one JSON text.' }
  }
  const { type, id } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof type !== 'string') return { wrong: 'A frame has a type.' }
  const schema = Object.hasOwn(SCHEMAS, type) ? SCHEMAS[type as VisitorFrame['type']] : undefined
  if (schema === undefined) return { unknown: type.slice(0, 40) }
  const [fault] = explain(schema, value)
  if (fault === undefined) return { frame: value as VisitorFrame }
  const wrong = `${fault.field === '' ? 'the frame' : fault.field} ${fault.message}`
  return type === 'message' && typeof id === 'string' && id.length <= 64 ? { wrong, id } : { wrong }
}

const optional = Type.Optional
const text = (maxLength: number, minLength = 0) => Type.String({ minLength, maxLength })
const tag = <T extends string>(type: T) => Type.Literal(type)

const page = Type.Object({
  url: text(8_192),
  title: optional(text(2_000)),
  referrer: optional(text(8_192)),
})
const claim = Type.Union([
  Type.Object({ jwt: text(8_192, 1) }),
  Type.Object({
    id: text(400, 1),
    hash: optional(text(128, 1)),
    name: optional(text(200)),
    email: optional(text(320)),
    phone: optional(text(64)),
  }),
])
const content = Type.Union([
  Type.Object({ type: tag('text'), text: Type.String() }),
  Type.Object({
    type: tag('file'),
    file: text(64, 1),
    caption: optional(Type.String()),
    voice: optional(Type.Boolean()),
  }),
  Type.Object({ type: tag('choice'), to: text(64, 1), payload: text(256, 1), text: text(256) }),
])
const ids = Type.Array(text(64, 1), { minItems: 1, maxItems: IDS_MAX })
const uuid = Type.String({
  pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
})

const SCHEMAS: { [T in VisitorFrame['type']]: TSchema } = {
  hello: Type.Object({
    token: optional(text(200)),
    after: optional(text(64)),
    language: optional(text(64)),
    page: optional(page),
    identity: optional(claim),
  }),
  message: Type.Object({
    id: uuid,
    content,
    form: optional(Type.Record(Type.String(), text(1_000), { maxProperties: FORM_MAX })),
  }),
  received: Type.Object({ ids }),
  read: Type.Object({ ids }),
  typing: Type.Object({ on: Type.Boolean() }),
  identify: Type.Object({ identity: claim }),
  reset: Type.Object({}),
  page: Type.Object({ page }),
  history: Type.Object({ before: text(64, 1) }),
  link: Type.Object({ file: text(2_048, 1) }),
  ping: Type.Object({}),
}
