import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { QueueListener } from '../queue/queue.ts'
import type { Queries, Store } from '../store/store.ts'
import {
  bucketSamples,
  type Counter,
  createSeries,
  type Histogram,
  type Sample,
  type Series,
} from './series.ts'
import type { SpoolFigures } from './spool/spool.ts'

/** What `/metrics` tells. The names are a contract with dashboards: `docs/operations.md` lists them all. */
export type Metrics = {
  intakeRequests: Counter
  intakeItems: Counter
  intakeIgnored: Counter
  intakeRejected: Counter
  intakeSeconds: Histogram
  spooled: Counter
  sends: Counter
  sendSeconds: Histogram
  sendFailures: Counter
  resends: Counter
  limiterWaits: Counter
  limiterWaitSeconds: Counter
  httpRequests: Counter
  httpSeconds: Histogram
  sseDropped: Counter
  webchatSockets: Counter
  webchatFrames: Counter
  webchatResumes: Counter
  webchatUploads: Counter
  series: Series
  /** Stops what it measures by itself. */
  stop(): void
}

/** What is read from elsewhere when somebody asks. */
export type Sources = {
  store: () => Store | undefined
  /** Events between the head of the log and each follower's cursor. */
  lags: () => Record<string, number>
  sseReaders: () => number
  visits: () => number
  spool: () => SpoolFigures | undefined
  now: () => number
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
const SEND_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 75] as const

export function createMetrics(sources: Sources): Metrics {
  const series = createSeries()
  const { counter, histogram, read } = series
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  read('omnibus_event_loop_lag_seconds', 'How late timers fire, since the last scrape.', 'summary', () => {
    const at = (quantile: number): Sample => ({
      labels: { quantile },
      value: Math.max(0, delay.percentile(quantile * 100) / 1e9 - 0.02),
    })
    const samples = [at(0.5), at(0.99)]
    delay.reset()
    return samples
  })
  readStore(series, sources)
  readQueue(series, sources)
  readSpool(series, sources)
  read('omnibus_follower_lag_events', 'Events a follower has not seen yet.', 'gauge', () =>
    Object.entries(sources.lags()).map(([follower, value]) => ({ labels: { follower }, value })),
  )
  const count = (value: number): Sample[] => [{ labels: {}, value }]
  read('omnibus_sse_readers', 'Open event streams.', 'gauge', () => count(sources.sseReaders()))
  read('omnibus_webchat_visits', 'Open sockets of visitors.', 'gauge', () => count(sources.visits()))
  read('omnibus_memory_bytes', 'Resident memory of the process.', 'gauge', () =>
    count(process.memoryUsage.rss()),
  )
  return {
    intakeRequests: counter('omnibus_intake_requests_total', 'Webhooks by what became of them.', [
      'connector',
      'result',
    ]),
    intakeItems: counter('omnibus_intake_items_total', 'What webhooks told, by kind.', ['connector', 'kind']),
    intakeIgnored: counter('omnibus_intake_ignored_total', 'Items of no use to anyone, by reason.', [
      'connector',
      'why',
    ]),
    intakeRejected: counter('omnibus_intake_rejected_total', 'Items that could not be read, by reason.', [
      'connector',
      'why',
    ]),
    intakeSeconds: histogram(
      'omnibus_intake_seconds',
      'From the webhook to its answer.',
      ['connector'],
      SECONDS,
    ),
    spooled: counter('omnibus_spool_total', 'Deliveries of the spool, by what became of them.', ['result']),
    ...sendSeries(series),
    httpRequests: counter('omnibus_http_requests_total', 'Requests to the API.', [
      'method',
      'route',
      'status',
    ]),
    httpSeconds: histogram('omnibus_http_seconds', 'From an API request to its answer.', ['route'], SECONDS),
    sseDropped: counter('omnibus_sse_dropped_total', 'Event streams closed: a slow reader.', []),
    ...webchatSeries(series),
    series,
    stop: () => delay.disable(),
  }
}

/** The queue's work in figures. */
export function sendsOf(metrics: Metrics): QueueListener {
  return {
    sent: (connector, ms) => {
      metrics.sends.add([connector, 'accepted'])
      metrics.sendSeconds.observe([connector], ms / 1000)
    },
    failed: (connector, code, certain) => {
      metrics.sends.add([connector, certain ? 'refused' : 'uncertain'])
      metrics.sendFailures.add([connector, code])
    },
    waited: (scope, ms) => {
      metrics.limiterWaits.add([scope])
      metrics.limiterWaitSeconds.add([scope], ms / 1000)
    },
    resent: reason => metrics.resends.add([reason]),
    polled: (connector, item) => {
      metrics.intakeItems.add([connector, item.kind])
      if (item.kind === 'ignored') metrics.intakeIgnored.add([connector, item.why])
      if (item.kind === 'rejected') metrics.intakeRejected.add([connector, item.why])
    },
  }
}

function sendSeries({ counter, histogram }: Series) {
  return {
    sends: counter('omnibus_sends_total', 'Attempts: accepted, refused or uncertain.', [
      'connector',
      'result',
    ]),
    sendSeconds: histogram(
      'omnibus_send_seconds',
      "From an attempt's first byte to the provider's acceptance.",
      ['connector'],
      SEND_SECONDS,
    ),
    sendFailures: counter(
      'omnibus_send_failures_total',
      'Attempts that failed, by the code of the failure.',
      ['connector', 'code'],
    ),
    resends: counter('omnibus_resends_total', 'Calls beyond the first for a part: retry or uncertain.', [
      'reason',
    ]),
    limiterWaits: counter('omnibus_limiter_waits_total', 'Sends that waited for a rate alone.', ['scope']),
    limiterWaitSeconds: counter('omnibus_limiter_wait_seconds_total', 'How long they waited.', ['scope']),
  }
}

function webchatSeries({ counter }: Series) {
  return {
    webchatSockets: counter('omnibus_webchat_sockets_total', 'Sockets of visitors, by how they ended.', [
      'end',
    ]),
    webchatFrames: counter('omnibus_webchat_frames_total', 'What visitors said, by what became of it.', [
      'type',
      'result',
    ]),
    webchatResumes: counter('omnibus_webchat_resumes_total', 'How sockets began: continued, or why again.', [
      'resume',
    ]),
    webchatUploads: counter('omnibus_webchat_uploads_total', 'Files of visitors, by what became of them.', [
      'result',
    ]),
  }
}

function readStore({ read }: Series, { store }: Sources): void {
  const stats = () => store()?.stats()
  const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
  read('omnibus_commits_total', 'Transactions made durable.', 'counter', () => one(stats()?.commits))
  read('omnibus_commit_groups_total', 'Disk writes that made them durable.', 'counter', () =>
    one(stats()?.groups),
  )
  read('omnibus_changes_total', 'Changes made durable.', 'counter', () => one(stats()?.changes))
  read('omnibus_changes_waiting', 'Changes that wait for a commit.', 'gauge', () =>
    one(stats()?.changesWaiting),
  )
  read('omnibus_commit_group_size', 'Changes that shared one disk write.', 'histogram', () => {
    const now = stats()
    if (now === undefined) return []
    const finite = now.groupSizes.filter(size => Number.isFinite(size.le))
    const counts = finite.map(size => size.count)
    counts.push(now.groups - counts.reduce((sum, count) => sum + count, 0))
    const bounds = finite.map(size => size.le)
    return bucketSamples('omnibus_commit_group_size', {}, bounds, counts, now.changes)
  })
  read(
    'omnibus_commit_seconds',
    'From handing a group to the database until it is durable.',
    'summary',
    () => {
      const commitMs = stats()?.commitMs
      if (commitMs === undefined) return []
      return [
        { labels: {}, value: commitMs.sum / 1000, metricName: 'omnibus_commit_seconds_sum' },
        { labels: {}, value: commitMs.count, metricName: 'omnibus_commit_seconds_count' },
      ]
    },
  )
}

type Depth = Queries['depth']['result']

function readQueue({ read }: Series, { store, now }: Sources): void {
  const depth = async (): Promise<Depth> =>
    (await store()
      ?.query('depth', {})
      .catch(() => [])) ?? []
  read('omnibus_queue_depth', 'Messages not settled, by lane and state.', 'gauge', async () =>
    (await depth()).map(({ lane, state, count }) => ({ labels: { lane, state }, value: count })),
  )
  read('omnibus_queue_oldest_seconds', 'Age of the oldest of them.', 'gauge', async () =>
    (await depth()).map(({ lane, state, oldest }) => ({
      labels: { lane, state },
      value: Math.max(0, (now() - oldest) / 1000),
    })),
  )
}

function readSpool({ read }: Series, { spool, now }: Sources): void {
  const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
  read('omnibus_spool_deliveries', 'Deliveries on this node that wait for the store.', 'gauge', () =>
    one(spool()?.deliveries),
  )
  read('omnibus_spool_oldest_seconds', 'Age of the oldest of them.', 'gauge', () => {
    const figures = spool()
    return one(figures && Math.max(0, (now() - (figures.oldestAt ?? now())) / 1000))
  })
}
