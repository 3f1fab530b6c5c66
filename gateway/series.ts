import { type Metric, Registry } from 'prom-client'

/**
 * Figures as plain numbers. They are counted on paths that run tens of thousands of times a second, so counting is
 * one map look-up and an addition; prom-client sees them only when somebody asks. (Its own counters hash all labels
 * at every increment.)
 */
export type Counter = { add(labels: readonly string[], by?: number): void }
export type Histogram = { observe(labels: readonly string[], value: number): void }
export type Sample = { labels: Record<string, string | number>; value: number; metricName?: string }

/** More label values than this are counted under `other`: some come from outside. */
const SERIES_MAX = 200

export type Series = {
  counter(name: string, help: string, labels: readonly string[]): Counter
  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram
  /** Read when asked for. */
  read(
    name: string,
    help: string,
    type: 'counter' | 'gauge' | 'histogram' | 'summary',
    values: () => Sample[] | Promise<Sample[]>,
  ): void
  names(): string[]
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>
  contentType: string
}

export function createSeries(): Series {
  const registry = new Registry()
  const names: string[] = []
  const read: Series['read'] = (name, help, type, values) => {
    names.push(name)
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => ({ ...metric, values: await values() }),
    }
    // The registry asks no more of a metric than a name and `get`; its declared type wants one of its own classes.
    registry.registerMetric(metric as unknown as Metric)
  }
  return {
    counter: (name, help, labels) => {
      const rows = createRows(labels, () => ({ value: 0 }))
      read(name, help, 'counter', () => rows.all().map(row => ({ labels: row.labels, value: row.of.value })))
      return {
        add: (values, by = 1) => {
          rows.get(values).value += by
        },
      }
    },
    histogram: (name, help, labels, bounds) => {
      const rows = createRows(labels, () => ({
        counts: new Array<number>(bounds.length + 1).fill(0),
        sum: 0,
      }))
      read(name, help, 'histogram', () =>
        rows.all().flatMap(({ labels: named, of }) => bucketSamples(name, named, bounds, of.counts, of.sum)),
      )
      return {
        observe: (values, value) => {
          const row = rows.get(values)
          let index = 0
          while (index < bounds.length && value > (bounds[index] ?? 0)) index++
          row.counts[index] = (row.counts[index] ?? 0) + 1
          row.sum += value
        },
      }
    },
    read,
    names: () => names,
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

/** The samples of one histogram. `counts` are per bucket, with one more for what is above the last bound. */
export function bucketSamples(
  name: string,
  labels: Record<string, string>,
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
): Sample[] {
  let total = 0
  const samples: Sample[] = []
  for (const [index, count] of counts.entries()) {
    total += count
    const le = bounds[index] ?? '+Inf'
    samples.push({ labels: { ...labels, le }, value: total, metricName: `${name}_bucket` })
  }
  samples.push({ labels, value: sum, metricName: `${name}_sum` })
  samples.push({ labels, value: total, metricName: `${name}_count` })
  return samples
}

type Rows<T> = {
  get(values: readonly string[]): T
  all(): { labels: Record<string, string>; of: T }[]
}

function createRows<T>(names: readonly string[], make: () => T): Rows<T> {
  const rows = new Map<string, { labels: Record<string, string>; of: T }>()
  const get = (values: readonly string[]): T => {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\0')
    const known = rows.get(key)
    if (known !== undefined) return known.of
    if (rows.size >= SERIES_MAX && !values.every(value => value === 'other')) {
      return get(names.map(() => 'other'))
    }
    const labels = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
    const made = { labels, of: make() }
    rows.set(key, made)
    return made.of
  }
  return { get, all: () => [...rows.values()] }
}
