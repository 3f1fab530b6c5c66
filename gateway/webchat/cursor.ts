/** The number of an event, as a page keeps it. Opaque to the page. */
export function cursorOf(sequence: number): string {
  return sequence.toString(36)
}

export function readCursor(text: string): number | undefined {
  return /^[0-9a-z]{1,10}$/.test(text) ? Number.parseInt(text, 36) : undefined
}
