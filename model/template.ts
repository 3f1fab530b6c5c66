import type { ChannelId, TemplateId, WorkspaceId } from './ids.ts'

/**
 * Whether a template may be sent. `paused`: not for now, by what people thought of it; `disabled`: not any more;
 * `unknown`: the provider told of it, but not this.
 */
export const TEMPLATE_STATUSES = [
  'approved',
  'pending',
  'rejected',
  'paused',
  'disabled',
  'deleted',
  'unknown',
] as const
export type TemplateStatus = (typeof TEMPLATE_STATUSES)[number]

/** What a provider tells about a template; what is absent stays as it was told before. */
export type ToldTemplate = {
  name: string
  /** As sends name it: `es_MX`. */
  language: string
  /** The provider's id. */
  id?: string
  status?: TemplateStatus
  /** The provider's words. */
  category?: string
  quality?: string
  reason?: string
  /** What it consists of, in the provider's own form. */
  components?: readonly unknown[]
}

/** A template as the API shows it. Times are RFC 3339. */
export type Template = {
  id: TemplateId
  workspace: WorkspaceId
  channel: ChannelId
  name: string
  language: string
  providerId: string | null
  status: TemplateStatus
  category: string | null
  quality: string | null
  reason: string | null
  components: readonly unknown[] | null
  updatedAt: string
}
