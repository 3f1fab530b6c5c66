import type { LogEvent } from '../model/event.ts'
import type { WorkspaceId } from '../model/ids.ts'

/**
 * The bus tells: copies of the log's events to whoever listens right now. It may lose everything, because the log
 * does not; a reader that was dropped or away resumes from the log with the last number it has seen.
 */
export type Bus = {
  /** Hands over events that are durable, in the order of the log. Never waits for a subscriber. */
  publish(events: readonly LogEvent[]): void
  subscribe(options: SubscribeOptions): Subscription
  close(): void
}

export type SubscribeOptions = {
  /** Who listens, for logs and metrics. */
  name: string
  /** One workspace, or all of them. */
  workspace: WorkspaceId | '*'
  /** How many events may wait for this subscriber before it is dropped. */
  eventsMax: number
}

/**
 * Batches in order. It ends when `close` is called, when the bus closes, or after a batch `dropped` that tells a
 * subscriber who was too slow from where to resume.
 */
export type Subscription = AsyncIterable<Batch> & {
  close(): void
  /** Events waiting now. */
  depth(): number
}

export type Batch =
  | { dropped: false; events: readonly LogEvent[] }
  /** Everything that waited is gone. `after`: per workspace the last sequence that was handed over. */
  | { dropped: true; why: string; after: ReadonlyMap<WorkspaceId, number> }
