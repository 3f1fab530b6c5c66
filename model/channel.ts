import type { ChannelId, WorkspaceId } from './ids.ts'
import type { StopAnswers } from './stop-words.ts'

/** `paused` takes inbound and holds outbound; a deleted channel is gone from every list (RULES B8). */
export const CHANNEL_STATUSES = ['active', 'paused'] as const
export type ChannelStatus = (typeof CHANNEL_STATUSES)[number]

/** What `check` or a failed send last told about the credentials and the account. */
export type Health = { state: 'unknown' | 'ok' | 'failing'; why?: string; at?: number }

/**
 * What the provider last told about the account; absent is never told. `perSecond`: messages a second; `tier`: people
 * a day who may be written to first, null without limit.
 */
export type Live = { perSecond?: number; tier?: number | null; quality?: 'green' | 'yellow' | 'red' }

/** A channel as the API shows it: every secret of `config` reads `"***"`. Times are RFC 3339. */
export type Channel = {
  id: ChannelId
  workspace: WorkspaceId
  connector: string
  name: string
  status: ChannelStatus
  config: Record<string, unknown>
  health: { state: Health['state']; why: string | null; at: string | null }
  /** What the provider last told about how much may be sent. */
  live: Live
  /** What is answered to STOP, START and HELP, where it is not what we say by ourselves. */
  answers: StopAnswers
  /** Where the provider must send its webhooks; null for a connector that polls. */
  webhookUrl: string | null
  createdAt: string
  updatedAt: string
}
