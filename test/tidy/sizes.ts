import type { Exceptions } from './exceptions.ts'
import type { Source } from './source.ts'

/**
 * STYLE 21. Lines of a file, lines of a function, characters of a line. The formatter keeps code at 110 by itself;
 * prose in a comment may have the ten more that its indent and stars take, and a table in one is as wide as it is.
 */
const LIMITS = { file: 300, function: 60, width: 110, commentWidth: 120 } as const

/**
 * What is larger than the limits. An exception holds the size of the day it was made and may not be exceeded;
 * when its holder is within the limits again, it must go.
 */
export function tooLarge(sources: readonly Source[], exceptions: Exceptions['large']): string[] {
  const code = sources.filter(source => source.path.endsWith('.ts'))
  const sizes = new Map<string, { lines: number; limit: number; instead: string }>()
  for (const source of code) {
    const lines = source.text.split('\n').length - 1
    sizes.set(source.path, { lines, limit: LIMITS.file, instead: 'it does two things: make two files' })
    for (const { name, lines, line } of source.functions) {
      const known = sizes.get(`${source.path}#${name}`)
      if (known !== undefined && known.lines >= lines) continue
      const instead = `(line ${line}) name its steps and make each a function`
      sizes.set(`${source.path}#${name}`, { lines, limit: LIMITS.function, instead })
    }
  }
  const large = [...sizes].flatMap(([key, { lines, limit, instead }]) => {
    const today = exceptions[key]?.lines
    if (lines <= (today ?? limit)) return []
    return [`${key} has ${lines} lines of ${today ?? limit} ${instead}`]
  })
  const needless = Object.keys(exceptions)
    .filter(key => (sizes.get(key)?.lines ?? 0) <= (sizes.get(key)?.limit ?? 0))
    .map(key => `${key} needs no exception (large): remove it`)
  return [...large, ...needless]
}

const COMMENT_TABLE = /^\s*\* \|/
const COMMENT = /^\s*(\/\/|\/?\*)/

/** Lines wider than the limit. One that holds a long word (an address, a hash) cannot be broken and may stay. */
export function tooWide(sources: readonly Source[]): string[] {
  return sources
    .filter(source => source.path.endsWith('.ts'))
    .flatMap(source =>
      source.text.split('\n').flatMap((text, index) => {
        const width = [...text].length
        const limit = COMMENT.test(text) ? LIMITS.commentWidth : LIMITS.width
        const breakable = text.split(' ').every(word => word.length < limit / 2)
        return width > limit && breakable && !COMMENT_TABLE.test(text)
          ? [`${source.path}:${index + 1} is ${width} wide of ${limit}: break it`]
          : []
      }),
    )
}
