import { type TProperties, type TSchema, Type } from 'typebox'
import type { Prefix } from '../model/ids.ts'

/** Pieces of which the API's schemas are made. */

export const TEXT_MAX = 65_536

/** An object that takes no other fields. */
export const strict = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  })
/** The same for a whole body, which has examples. */
export const body = <P extends TProperties>(properties: P, examples: readonly object[]) =>
  Type.Object(properties, { additionalProperties: false, examples: [...examples] })
export const words = <T extends string>(values: readonly T[]) => Type.Enum([...values])
export const short = (maxLength: number) => Type.String({ minLength: 1, maxLength })
export const optional = Type.Optional
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])

export const id = (prefix: Prefix) =>
  Type.String({ pattern: `^${prefix}_[0-9a-z]{26}$`, description: `An id that starts with ${prefix}_.` })
export const time = Type.String({ format: 'date-time', description: 'RFC 3339 in UTC.' })

/** An object to which fields may come: what the API answers. */
export const open = (properties: TProperties, description?: string) =>
  Type.Object(properties, description === undefined ? {} : { description })
