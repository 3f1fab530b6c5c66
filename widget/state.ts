import type {
  ChannelPage,
  IdentityClaim,
  PageVisit,
  ShownMessage,
  VisitorContent,
} from '../connectors/webchat/frames.ts'
import type { LineState, Socket } from './line.ts'
import type { Entry } from './outbox.ts'
import type { Keeper } from './storage.ts'
import type { Tabs } from './tabs.ts'
import type { Thread } from './thread.ts'
import type { Transfer, Upload } from './uploads.ts'

/** All that the page shows. */
export type State = {
  page: ChannelPage
  line: LineState
  /** Why the line ended for good: the daemon's code. */
  ended: string | undefined
  thread: Thread
  entries: readonly Entry[]
  uploads: readonly Upload[]
  visitor: { id: string; identified: boolean; name: string | null } | undefined
  /** Somebody writes to the visitor. */
  isTyping: boolean
  unread: number
  /** Older messages were asked for. */
  isLoading: boolean
}

export type Client = {
  state(): State
  /** Makes the line: the visitor is known to the daemon from here on. */
  connect(): void
  /** Whether there is somebody to go on as, so that a page connects without being asked. */
  isKnown(): boolean
  say(content: VisitorContent): void
  attach(files: readonly File[]): void
  retry(id: string): void
  discard(id: string): void
  /** The visitor's keyboard. */
  typing(on: boolean): void
  /** Messages in view of the visitor. */
  viewed(ids: readonly string[]): void
  older(): void
  /** A link to a file that works again, or null. */
  link(file: string): Promise<string | null>
  /** What the form was told; undefined: nothing yet. */
  form(): Readonly<Record<string, string>> | undefined
  fill(form: Record<string, string>): void
  identify(claim: IdentityClaim): void
  reset(): void
  visit(page: PageVisit): void
  /** The page is in view again, or the network is back. */
  wake(): void
  /** The page goes into the browser's cache, where no socket may be open. */
  sleep(): void
}

export type ClientOptions = {
  page: ChannelPage
  keeper: Keeper
  tabs: Tabs
  connect(): Socket
  transfer: Transfer
  /** The browser's first language. */
  language: string
  now(): number
  random(): number
  uuid(): string
  onChange(): void
  /** News from the other side, not what was there already. */
  onMessage(message: ShownMessage): void
  onWarning(text: string): void
}
