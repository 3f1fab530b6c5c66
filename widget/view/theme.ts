import type { Appearance } from '../../connectors/webchat/frames.ts'
import { DEFAULT_ACCENT, paletteOf } from './color.ts'

/** The ground of the panel by scheme, as in `widget.css`. */
export const GROUNDS = { light: '#ffffff', dark: '#16181d' } as const

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
