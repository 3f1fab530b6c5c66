import type { Reply } from './content.ts'
import type { ChannelId, MessageId } from './ids.ts'

/**
 * Choices that went out as numbered text, because the channel has no buttons. `id` is null for what only opens a link:
 * it has a number, and nothing comes back from it.
 */
export type Choices = { kind: 'button' | 'list' | 'quick'; items: { id: string | null; title: string }[] }

/** The choices that a contact was sent last on a channel. They count for `MENU_MS`, until one of them is chosen. */
export type Menu = Choices & { channel: ChannelId; message: MessageId; at: number }

/** A number that is written a day later is more likely to mean something else. */
export const MENU_MS = 86_400_000

/**
 * The choice that a text means: its number, or its title whatever the case; undefined if it says anything else. Only
 * the whole text counts, so that "2 of them, please" stays a text.
 */
export function choiceOf({ kind, items }: Choices, text: string): Reply | undefined {
  const said = bare(text)
  if (said === '') return undefined
  const number = /^\d{1,4}$/.test(said) ? Number(said) : undefined
  const named = items.filter(({ title }) => bare(title) === said)
  // Two choices of one name: the number alone tells them apart.
  const item =
    (named.length === 1 ? named[0] : undefined) ?? (number === undefined ? undefined : items[number - 1])
  if (item === undefined || item.id === null) return undefined
  return { type: 'reply', kind, payload: item.id, text: item.title, typed: text }
}

/** Without what people put around a number or a word: "2.", "(2)", "#2", "2\ufe0f\u20e3", "Yes!" */
function bare(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\ufe0f\u20e3]/g, '')
    .replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, '')
    .toLowerCase()
}
