/** What the widget takes from the browser besides its page: time, chance, and a word to the page's developer. */

export const now = (): number => Date.now()

export const random = (): number => Math.random()

/** `crypto.randomUUID` is for secure pages only; a website without TLS has the bytes alone. */
export function uuid(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = Array.from(bytes, (byte, at) => {
    const marked = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte
    return marked.toString(16).padStart(2, '0')
  }).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** To whoever put the widget into the page; a visitor never sees it. */
export function warn(text: string, cause?: unknown): void {
  if (cause === undefined) console.warn(`[omnibus] ${text}`)
  else console.warn(`[omnibus] ${text}`, cause)
}

/** When the page has nothing better to do. */
export function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(() => work(), { timeout: 2000 })
  else setTimeout(work, 50)
}
