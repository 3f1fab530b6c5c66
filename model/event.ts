import type { EventId, WorkspaceId } from './ids.ts'

/** Every type of event the log records. Compared with `docs/events.md` in both directions. */
export const EVENT_TYPES = [
  'message.created',
  'message.status',
  'message.failed',
  'message.media',
  'message.edited',
  'message.deleted',
  'conversation.opened',
  'conversation.closed',
  'conversation.reopened',
  'contact.created',
  'contact.updated',
  'contact.merged',
  'contact.split',
  'contact.import',
  'contact.consent',
  'contact.deleted',
  'channel.created',
  'channel.updated',
  'channel.health',
  'channel.limit',
  'template.status',
  'intake.rejected',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** CloudEvents 1.0 in structured JSON (https://cloudevents.io), with our extensions `workspace` and `sequence`. */
export type CloudEvent = {
  specversion: '1.0'
  id: EventId
  source: string
  type: EventType
  /** The id of what it is about. */
  subject: string
  time: string
  datacontenttype: 'application/json'
  workspace: WorkspaceId
  sequence: number
  data: unknown
}

/**
 * An entry of the log on its way to readers. `json` is the whole CloudEvent, made once: most readers pass it on
 * without looking inside.
 */
export type LogEvent = {
  workspace: WorkspaceId
  /** Per workspace from 1, without gaps (RULES A3). */
  sequence: number
  type: EventType
  subject: string
  json: string
}

export function parseEvent(event: LogEvent): CloudEvent {
  return JSON.parse(event.json) as CloudEvent
}
