import type { Address } from './address.ts'
import type { ContactId, WorkspaceId } from './ids.ts'

/** A contact as the API shows it. Times are RFC 3339. */
export type Contact = {
  id: ContactId
  workspace: WorkspaceId
  kind: 'person' | 'group'
  name: string | null
  addresses: Address[]
  /** What first made it: a message of theirs, or one of ours to them. */
  source: 'message' | 'api' | 'echo'
  createdAt: string
  updatedAt: string
}
