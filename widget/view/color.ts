/** Colours by WCAG 2: what a website chose stays readable whatever it chose. */

type Rgb = readonly [number, number, number]

/** The least contrast of text with its ground. */
const CONTRAST_MIN = 4.5

export type Palette = {
  /** The ground of the launcher, the header and the visitor's own messages. */
  accent: string
  /** What stands on it. */
  onAccent: string
  /** The accent as the colour of text on the panel's grounds. */
  accentText: string
}

/** @param ground of text, `#rrggbb`: the one of several that is hardest to read on */
export function paletteOf(accent: string, ground: string): Palette {
  const color = rgbOf(accent) ?? rgbOf(DEFAULT_ACCENT) ?? [0, 0, 0]
  const behind = rgbOf(ground) ?? [255, 255, 255]
  return { accent: hexOf(color), onAccent: textOn(color), accentText: hexOf(readableOn(color, behind)) }
}

export const DEFAULT_ACCENT = '#3b5bdb'

/** Black or white, whichever is read better: one of the two always has 4.58. */
function textOn(ground: Rgb): string {
  const [white, black]: [Rgb, Rgb] = [
    [255, 255, 255],
    [0, 0, 0],
  ]
  return contrast(white, ground) >= contrast(black, ground) ? '#ffffff' : '#000000'
}

/** The colour, moved towards black or white until it can be read. */
function readableOn(color: Rgb, ground: Rgb): Rgb {
  const end = luminance(ground) > 0.18 ? 0 : 255
  for (let share = 0; share < 1; share += 0.05) {
    const [r, g, b] = color.map(part => Math.round(part + (end - part) * share)) as [number, number, number]
    if (contrast([r, g, b], ground) >= CONTRAST_MIN) return [r, g, b]
  }
  return [end, end, end]
}

/** 1 … 21. */
export function contrastOf(one: string, other: string): number {
  return contrast(rgbOf(one) ?? [0, 0, 0], rgbOf(other) ?? [0, 0, 0])
}

function contrast(one: Rgb, other: Rgb): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(color: Rgb): number {
  const [r = 0, g = 0, b = 0] = color.map(part => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** `#rgb` or `#rrggbb`. */
function rgbOf(text: string): Rgb | undefined {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text)
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text)
  const parts = short === null ? long?.slice(1) : short.slice(1).map(digit => digit + digit)
  if (parts === undefined) return undefined
  const [r = 0, g = 0, b = 0] = parts.map(part => Number.parseInt(part, 16))
  return [r, g, b]
}

function hexOf(color: Rgb): string {
  return `#${color.map(part => part.toString(16).padStart(2, '0')).join('')}`
}
