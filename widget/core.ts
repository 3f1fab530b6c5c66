import type { DaemonFrame, PageVisit, VisitorFrame } from '../connectors/webchat/frames.ts'
import { type Identity, openIdentity } from './identity.ts'
import { createLine, type Line } from './line.ts'
import { createLinks, type Links } from './links.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { createReceipts, type Receipts } from './receipts.ts'
import type { ClientOptions, State } from './state.ts'
import { EMPTY, type Thread } from './thread.ts'
import { createTyping, type Typing } from './typing.ts'
import { createUploads, type Uploads } from './uploads.ts'

/** What the browser's side of a conversation is made of; the visitor's doings and the daemon's words both act on it. */
export type Core = {
  readonly options: ClientOptions
  readonly identity: Identity
  readonly outbox: Outbox
  readonly uploads: Uploads
  readonly receipts: Receipts
  readonly typing: Typing
  readonly links: Links
  readonly line: Line
  page: State['page']
  thread: Thread
  visitor: State['visitor']
  ended: string | undefined
  isLoading: boolean
  visit: PageVisit | undefined
}

/** @param hear what the daemon says, while there is a line */
export function createCore(options: ClientOptions, hear: (core: Core, frame: DaemonFrame) => void): Core {
  const { keeper, tabs, now, random, uuid, onChange } = options
  const identity = openIdentity(keeper)
  const line = createLine({
    connect: options.connect,
    hello: () => helloOf(core),
    onFrame: frame => hear(core, frame),
    onState(state) {
      if (state !== 'up') core.outbox.held()
      if (state === 'opening') core.ended = undefined
      onChange()
    },
    now,
    random,
  })
  const core: Core = {
    options,
    identity,
    line,
    outbox: openOutbox(keeper, tabs.outboxName),
    receipts: createReceipts(),
    typing: createTyping(now, on => line.send({ type: 'typing', on }), onChange),
    links: createLinks(file => line.send({ type: 'link', file })),
    uploads: createUploads({
      limits: () => core.page.files,
      token: () => (line.state() === 'up' ? identity.token() : undefined),
      transfer: options.transfer,
      onDone: file => say(core, { type: 'file', file }),
      onChange,
      now,
      uuid,
    }),
    page: options.page,
    thread: EMPTY,
    visitor: undefined,
    ended: undefined,
    isLoading: false,
    visit: undefined,
  }
  return core
}

function helloOf({ identity, thread, options, visit }: Core): VisitorFrame {
  const token = identity.token()
  const { claim } = identity
  return {
    type: 'hello',
    ...(token === undefined ? {} : { token }),
    ...(thread.cursor === undefined ? {} : { after: thread.cursor }),
    language: options.language,
    ...(visit === undefined ? {} : { page: visit }),
    ...(claim === undefined || identity.isForgetting() ? {} : { identity: claim }),
  }
}

/** The thread is another; what it shows by now leaves the outbox. */
export function show(core: Core, thread: Thread): void {
  core.thread = thread
  core.outbox.shown(new Set(thread.messages.flatMap(({ clientId }) => clientId ?? [])))
  flush(core)
}

/** The outbox is another: the oldest entry that waits goes, if none is under way and the line is up. */
export function flush({ options, outbox, line, identity }: Core): void {
  options.tabs.hold(outbox.entries().length > 0)
  options.onChange()
  if (line.state() !== 'up' || identity.isForgetting()) return
  const frame = outbox.next()
  if (frame !== undefined) line.send(frame)
}

export function say(core: Core, content: Extract<VisitorFrame, { type: 'message' }>['content']): void {
  const { options, outbox, identity, thread, line } = core
  const isFirst = outbox.entries().length === 0 && !thread.messages.some(({ from }) => from === 'visitor')
  const form = isFirst ? identity.form() : undefined
  outbox.add({
    id: options.uuid(),
    at: options.now(),
    content,
    ...(form === undefined ? {} : { form: { ...form } }),
  })
  core.typing.said()
  line.open()
  flush(core)
}

export function sendAll({ line }: Core, frames: readonly VisitorFrame[]): void {
  for (const frame of frames) line.send(frame)
}

/** Other pages of the visitor go on with the new token too. */
export function keepToken({ identity, options }: Core, token: string | undefined): void {
  if (identity.keepToken(token)) options.tabs.tell({ type: 'token' })
}

/** Nothing of the visitor stays in the page. */
export function forget(core: Core): void {
  core.thread = EMPTY
  core.visitor = undefined
  core.identity.claim = undefined
  core.identity.fill(undefined)
  core.outbox.clear()
  core.uploads.clear()
  core.receipts.clear()
  core.options.tabs.hold(false)
  core.options.onChange()
}
