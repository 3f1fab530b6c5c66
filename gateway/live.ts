import type { Address } from '../model/address.ts'
import type { ChannelId, WorkspaceId } from '../model/ids.ts'

/** What is so at this moment and kept nowhere: who is typing. It reaches who is connected to this node, or nobody. */
export type Live = {
  /** To the pages of a visitor; set by who holds their sockets. */
  show: (channel: ChannelId, address: Address, frame: object) => void
  /** To the event streams of a workspace that asked for it. */
  tell(workspace: WorkspaceId, data: object): void
  isHeard(workspace: WorkspaceId): boolean
  /** Until the answer is called. */
  listen(workspace: WorkspaceId, heard: (data: string) => void): () => void
}

export function createLive(): Live {
  const listeners = new Map<WorkspaceId, Set<(data: string) => void>>()
  return {
    show: () => {},
    tell: (workspace, data) => {
      const text = JSON.stringify(data)
      for (const heard of listeners.get(workspace) ?? []) heard(text)
    },
    isHeard: workspace => listeners.has(workspace),
    listen: (workspace, heard) => {
      const theirs = listeners.get(workspace) ?? new Set()
      listeners.set(workspace, theirs.add(heard))
      return () => {
        theirs.delete(heard)
        if (theirs.size === 0 && listeners.get(workspace) === theirs) listeners.delete(workspace)
      }
    },
  }
}
