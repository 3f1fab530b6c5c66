import { cpus } from 'node:os'
import type { StoreName } from './daemon.ts'

/** One line of the table. Figures that this line does not have are null. */
export type Row = {
  name: string
  unit: string
  ceiling: number | null
  ours: number
  ratio: number | null
  p50Ms: number | null
  p99Ms: number | null
  memoryMb: number | null
  /** What DESIGN §9 asks for, in words, and whether it was reached; null where it asks for nothing. */
  bar: string | null
  pass: boolean | null
}

/** What must be so at the end whatever the speed: nothing lost, nothing doubled. */
export type Check = { name: string; expected: number; found: number; pass: boolean }

export type Report = { bench: string; rows: Row[]; checks: Check[]; rounds: object[] }

export function row(name: string, unit: string, ours: number, more: Partial<Row> = {}): Row {
  const nothing = {
    ceiling: null,
    ratio: null,
    p50Ms: null,
    p99Ms: null,
    memoryMb: null,
    bar: null,
    pass: null,
  }
  return { name, unit, ours, ...nothing, ...more }
}

export function equal(name: string, expected: number, found: number): Check {
  return { name, expected, found, pass: expected === found }
}

export function hasPassed({ rows, checks }: Report): boolean {
  return rows.every(({ pass }) => pass !== false) && checks.every(({ pass }) => pass)
}

/** What is measured where: the embedded store is what everything was measured on, and needs no word. */
export function onStore(name: string, store: StoreName): string {
  return store === 'sqlite' ? name : `${name}, ${store}`
}

/** One store against another in the same rounds, in the order of the rounds. */
export function storesRow(
  name: string,
  { store, first }: { store: StoreName; first: StoreName },
  ours: readonly number[],
  theirs: readonly number[],
): Row {
  const ratio = median(ours.map((perSecond, index) => perSecond / (theirs[index] ?? Number.NaN)))
  return row(`${name}, ${store} of ${first}`, '/s', median(ours), {
    ceiling: median(theirs),
    ratio,
    bar: `ratio ≥ ${STORES_RATIO_MIN}`,
    pass: ratio >= STORES_RATIO_MIN,
  })
}

const STORES_RATIO_MIN = 0.35

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

export function print(report: Report, json: boolean): void {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version }
  if (json) {
    console.log(JSON.stringify({ ...report, machine, pass: hasPassed(report) }, undefined, 2))
    return
  }
  console.log(`\n${report.bench}: ${machine.cpus} × ${machine.model}, Node.js ${machine.node}\n`)
  const head = ['', 'ceiling', 'ours', 'ratio', 'p50 ms', 'p99 ms', 'MB', 'bar', '']
  console.log(aligned([head, ...report.rows.map(cells)]))
  if (report.checks.length > 0) console.log('')
  for (const { name, expected, found, pass } of report.checks) {
    console.log(`${pass ? 'ok ' : 'NOT'} ${name}: ${found} of ${expected}`)
  }
  console.log(hasPassed(report) ? '\nAll bars reached.' : '\nNot all bars reached.')
}

function cells(row: Row): string[] {
  return [
    row.name,
    row.ceiling === null ? '' : `${number(row.ceiling)} ${row.unit}`,
    `${number(row.ours)} ${row.unit}`,
    number(row.ratio, 2),
    number(row.p50Ms, 1),
    number(row.p99Ms, 1),
    number(row.memoryMb),
    row.bar ?? '',
    row.pass === null ? '' : row.pass ? 'reached' : 'NOT REACHED',
  ]
}

function number(value: number | null, digits?: number): string {
  if (value === null) return ''
  if (!Number.isFinite(value)) return 'n/a'
  const places = digits ?? (Math.abs(value) < 100 ? 1 : 0)
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
}

function aligned(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const align = (row: string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return rows.map(row => align(row).trimEnd()).join('\n')
}
