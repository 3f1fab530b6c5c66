/**
 * Narrow checks for what a provider sent: each answers the value if it is what is asked for, else undefined. They
 * stand in for a schema library where thousands of payloads a second are read and unknown keys are welcome.
 */
export type Json = Record<string, unknown>

export function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

const NOTHING: readonly unknown[] = []

/** An array; an empty one for everything else. */
export function listIn(object: Json, key: string): readonly unknown[] {
  const value = object[key]
  return Array.isArray(value) ? value : NOTHING
}

/** A string that is not empty: providers write `""` for what they leave out (PROVIDERS A9). */
export function textIn(object: Json | undefined, key: string): string | undefined {
  const value = object?.[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function objectIn(object: Json | undefined, key: string): Json | undefined {
  return objectOf(object?.[key])
}

export function numberIn(object: Json | undefined, key: string): number | undefined {
  const value = object?.[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The value of a text as JSON; undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
