import { type TSchema, Type } from 'typebox'

const MARK = 'x-secret'

/**
 * A config field that is sealed at rest, reads `***` in every answer and never reaches a log. `pattern`: what one looks
 * like, where the provider says so.
 */
export function secret(description: string, pattern?: string) {
  return Type.String({ minLength: 1, description, [MARK]: true, ...(pattern !== undefined && { pattern }) })
}

/** A secret that proves who calls us: one, or several while it is being replaced (RULES G2). */
export function verifyingSecret(description: string, pattern?: string) {
  const one = secret(description, pattern)
  return Type.Union([one, Type.Array(one, { minItems: 1, maxItems: 8 })], { description })
}

/** A verifying secret as a list; the first is the current one. */
export function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

/** Whether this node of a config schema is a secret. */
export function isSecret(schema: TSchema): boolean {
  return (schema as Record<string, unknown>)[MARK] === true
}
