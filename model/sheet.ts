/**
 * Contacts as cells of a CSV, for imports and exports alike. What one writes the other reads as it was: whoever
 * exports, opens the file in a spreadsheet, saves it and imports it again has changed nothing.
 */

/**
 * What a spreadsheet takes for a formula, in any width
 * (https://owasp.org/www-community/attacks/CSV_Injection), behind any number of apostrophes of ours.
 */
const RUNS = /^'*[=+\-@＝＋－＠\t\r\n]/

/**
 * Text that no spreadsheet runs: it begins with an apostrophe if it has to. Phones too: a formula that only adds a sign
 * does no harm, but the program then shows and saves `5.73E+11`, which is nobody's number.
 */
export function neutral(text: string): string {
  return RUNS.test(text) ? `'${text}` : text
}

/** Takes off the apostrophe that `neutral` put there. One that stands before anything else is part of the text. */
export function plain(text: string): string {
  return text.startsWith("'") && RUNS.test(text) ? text.slice(1) : text
}

/** Several texts in one cell. A separator within one is written with a backslash. */
export function joined(texts: readonly string[], separator = LIST_SEPARATOR): string {
  return texts
    .map(text => text.replaceAll('\\', '\\\\').replaceAll(separator, `\\${separator}`))
    .join(separator)
}

/** What `joined` made, or somebody by hand: trimmed, without empty ones. */
export function split(cell: string, separator = LIST_SEPARATOR): string[] {
  if (!cell.includes('\\')) return cell.split(separator).map(trimmed).filter(isGiven)
  const texts: string[] = []
  let text = ''
  for (let at = 0; at < cell.length; at++) {
    const isEscape = cell[at] === '\\' && (cell[at + 1] === '\\' || cell[at + 1] === separator)
    if (isEscape) at += 1
    if (isEscape || cell[at] !== separator) text += cell[at]
    else {
      texts.push(text)
      text = ''
    }
  }
  return [...texts, text].map(trimmed).filter(isGiven)
}

export const LIST_SEPARATOR = ';'

/** The columns that an export has and an import finds by itself; a workspace's own fields follow as `fields.<key>`. */
export const COLUMNS = [
  ...['id', 'name', 'phone', 'email', 'addresses', 'language', 'country', 'timeZone', 'tags'],
] as const

const trimmed = (text: string): string => text.trim()
const isGiven = (text: string): boolean => text !== ''
