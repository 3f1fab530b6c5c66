import { posix } from 'node:path'

/** What the code has and the documents do not tell, and what they tell and the code does not have. */
export type Difference = { untold: string[]; untrue: string[] }

export const SAME: Difference = { untold: [], untrue: [] }

export function difference(code: Iterable<string>, told: Iterable<string>): Difference {
  const [here, there] = [new Set(code), new Set(told)]
  return { untold: [...here.difference(there)].sort(), untrue: [...there.difference(here)].sort() }
}

/** The cells under `header`, of every table of a Markdown text that has such a column; backticks are taken off. */
export function columnOf(markdown: string, header: string): string[] {
  return rowsOf(markdown, header).map(row => row[header] ?? '')
}

/** The rows of every table that has a column `header`, as column → cell. */
export function rowsOf(markdown: string, header: string): Record<string, string>[] {
  const rows: Record<string, string>[] = []
  let headers: string[] | undefined
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) {
      headers = undefined
      continue
    }
    const cells = line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map(cell => cell.trim().replace(/^`([^`]*)`$/, '$1'))
    if (headers === undefined) headers = cells
    else if (headers.includes(header) && !cells.every(cell => /^:?-+:?$/.test(cell))) {
      rows.push(Object.fromEntries(headers.map((name, index) => [name, cells[index] ?? ''])))
    }
  }
  return rows
}

/** Every match of `pattern` (with the flag `g`) in a text, once each. */
export function matchesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(match => match[1] ?? match[0]))]
}

/** The names of the fields of an exported object type, as its source has them at the first level. */
export function fieldsOf(source: string, type: string): string[] {
  const [, body = ''] =
    new RegExp(`export type ${type}(?:<\\w+>)? = \\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? []
  return matchesIn(body, /^ {2}(\w+)\??:/gm)
}

/** Whether a document has the word in backticks, alone or in an expression. */
export function isTold(markdown: string, word: string): boolean {
  return new RegExp(`\`[^\`\\n]*\\b${word}\\b[^\`\\n]*\``).test(markdown)
}

/** `OMNIBUS_HOST`, `OMNIBUS_PORT` → the two names. */
export function namesIn(cell: string): string[] {
  return cell.split(',').map(name => name.trim().replaceAll('`', ''))
}

/**
 * The files of ours that a document names: relative links, and words in backticks that look like a path in one of
 * `rooms`. A path with a placeholder (`<name>`, `*`, `…`) names no file.
 */
export function filesNamed(path: string, markdown: string, rooms: readonly string[]): string[] {
  const links = matchesIn(markdown, /\]\(([^)#\s:]+)(?:#[^)]*)?\)/g).map(link =>
    posix.join(posix.dirname(path), link),
  )
  const words = matchesIn(markdown, /`([\w.-]+\/[\w./-]*)`/g)
    .map(word => word.replace(/\/$/, ''))
    .filter(word => rooms.includes(word.split('/')[0] ?? ''))
  return [...new Set([...links, ...words])]
}

/** `GET /v1/messages/:id` as a document writes it, in OpenAPI's form: `GET /v1/messages/{id}`. */
export function routesNamed(markdown: string): string[] {
  return matchesIn(markdown, /\b((?:GET|POST|PUT|PATCH|DELETE) \/[\w/:.{}-]*)/g).map(route =>
    route.replace(/[.:]$/, '').replace(/:(\w+)/g, '{$1}'),
  )
}
