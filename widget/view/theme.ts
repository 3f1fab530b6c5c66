import type { Appearance } from '../../connectors/webchat/frames.ts'
import { DEFAULT_ACCENT, paletteOf } from './color.ts'

/** Of the grounds that text of the accent's colour stands on in `widget.css`, the one that is hardest to read on. */
export const GROUNDS = { light: '#eceef2', dark: '#2a2f39' } as const

export type Scheme = keyof typeof GROUNDS

/** On top of what websites put on top. */
export const Z_INDEX = 2_147_483_000

/**
 * What a website chooses of the looks, as a style sheet. Numbers and colours are read as such: a theme cannot bring
 * rules of its own.
 */
export function themeRules(look: Appearance, scheme: Scheme, zIndex: number): string {
  const { accent, onAccent, accentText } = paletteOf(look.color ?? DEFAULT_ACCENT, GROUNDS[scheme])
  const { x = 20, y = 20 } = look.offset ?? {}
  const values = {
    accent,
    'on-accent': onAccent,
    'accent-text': accentText,
    x: `${Number(x)}px`,
    y: `${Number(y)}px`,
    z: Math.round(Number(zIndex)),
  }
  const lines = Object.entries(values).map(([name, value]) => `--${name}:${value}`)
  return `.root{${lines.join(';')}}`
}

export function schemeOf(wanted: Appearance['dark'], isDark: boolean): Scheme {
  if (wanted === 'light' || wanted === 'dark') return wanted
  return isDark ? 'dark' : 'light'
}
