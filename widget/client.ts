import type { DaemonFrame, IdentityClaim, PageVisit, VisitorFrame } from '../connectors/webchat/frames.ts'
import { createLine } from './line.ts'
import { openOutbox } from './outbox.ts'
import { createReceipts } from './receipts.ts'
import type { Client, ClientOptions, State } from './state.ts'
import { type Keeper, readJson } from './storage.ts'
import { EMPTY, isForVisitor, type Thread, told, unreadOf, welcomed, withOlder, withRead } from './thread.ts'
import { createTyping } from './typing.ts'
import { createUploads } from './uploads.ts'

/** A link that was asked for and never came. */
const LINK_MS = 10_000

type Handlers = { [Type in DaemonFrame['type']]?: (frame: Extract<DaemonFrame, { type: Type }>) => void }

/**
 * The browser's side of a conversation: what it knows, what it has not sent yet, and its line. Nothing is drawn here.
 *
 * A reset is kept as `forget` until the daemon has taken it: on a computer that others use after this visitor, nothing
 * of its conversation is shown again, even if the reset was asked for without a network.
 */
export function createClient(options: ClientOptions): Client {
  const { keeper, tabs, now, onChange } = options
  const outbox = openOutbox(keeper, tabs.outboxName)
  const receipts = createReceipts()
  const links = new Map<string, ((url: string | null) => void)[]>()
  let page = options.page
  let thread: Thread = EMPTY
  let visitor: State['visitor']
  let ended: string | undefined
  let isLoading = false
  let isAsleep = false
  let visit: PageVisit | undefined
  let claim: IdentityClaim | undefined

  const line = createLine({
    connect: options.connect,
    hello,
    onFrame: frame => (handlers[frame.type] as ((frame: DaemonFrame) => void) | undefined)?.(frame),
    onState(state) {
      if (state !== 'up') outbox.held()
      if (state === 'opening') ended = undefined
      onChange()
    },
    now,
    random: options.random,
  })
  const typing = createTyping(now, on => line.send({ type: 'typing', on }), onChange)
  const uploads = createUploads({
    limits: () => page.files,
    token: () => keeper.get('token'),
    transfer: options.transfer,
    onDone: file => say({ type: 'file', file }),
    onChange,
    now,
    uuid: options.uuid,
  })

  const isForgetting = (): boolean => keeper.get('forget') !== undefined

  function hello(): VisitorFrame {
    const token = keeper.get('token')
    return {
      type: 'hello',
      ...(token === undefined ? {} : { token }),
      ...(thread.cursor === undefined ? {} : { after: thread.cursor }),
      language: options.language,
      ...(visit === undefined ? {} : { page: visit }),
      ...(claim === undefined || isForgetting() ? {} : { identity: claim }),
    }
  }

  const show = (changed: Thread): void => {
    thread = changed
    outbox.shown(new Set(thread.messages.flatMap(({ clientId }) => clientId ?? [])))
    changedEntries()
  }
  /** Sends the oldest entry that waits, if none is under way and the line is up. */
  const flush = (): void => {
    if (line.state() !== 'up' || isForgetting()) return
    const frame = outbox.next()
    if (frame !== undefined) line.send(frame)
  }
  const changedEntries = (): void => {
    tabs.hold(outbox.entries().length > 0)
    flush()
    onChange()
  }
  const sendAll = (frames: readonly VisitorFrame[]): void => {
    for (const frame of frames) line.send(frame)
  }
  const keepToken = (token: string | undefined): void => {
    if (token === undefined || token === keeper.get('token')) return
    keeper.set('token', token)
    tabs.tell({ type: 'token' })
  }
  const forget = (): void => {
    thread = EMPTY
    outbox.clear()
    uploads.clear()
    receipts.clear()
    keeper.set('form', undefined)
    claim = undefined
    visitor = undefined
    tabs.hold(false)
  }
  const adopt = (name: string): void => {
    outbox.adopt(keeper.get(name))
    keeper.set(name, undefined)
    changedEntries()
  }

  const handlers: Handlers = {
    welcome(frame) {
      keepToken(frame.token)
      if (isForgetting()) {
        line.send({ type: 'reset' })
        return
      }
      visitor = frame.visitor
      // What is proven needs no second proof, which may be out of date by then.
      if (visitor.identified) claim = undefined
      isLoading = false
      if (frame.resume === 'again') receipts.clear()
      show(welcomed(thread, frame))
      sendAll(receipts.renewed(thread.messages))
      tabs.adopt(adopt)
      uploads.resume()
    },
    accepted(frame) {
      outbox.accepted(frame.id)
      changedEntries()
    },
    refused(frame) {
      if (frame.retryAfterMs === undefined) outbox.refused(frame.id, frame.code)
      else setTimeout(again, frame.retryAfterMs)
      changedEntries()
    },
    message(frame) {
      if (isForgetting()) return
      show(told(thread, frame))
      sendAll(receipts.arrived([frame.message]))
      if (!isForVisitor(frame.message)) return
      typing.theirs(false)
      options.onMessage(frame.message)
    },
    changed(frame) {
      if (!isForgetting()) show(told(thread, frame))
    },
    typing: frame => typing.theirs(frame.on),
    identified(frame) {
      keeper.set('forget', undefined)
      keepToken(frame.token)
      visitor = frame.visitor
      if (visitor.identified) claim = undefined
      if (claim !== undefined) line.send({ type: 'identify', identity: claim })
      if (frame.again) {
        thread = EMPTY
        receipts.clear()
      }
      changedEntries()
    },
    identityRefused(frame) {
      claim = undefined
      options.onWarning(`the identity was refused: ${frame.code}: ${frame.detail}`)
    },
    history(frame) {
      isLoading = false
      show(withOlder(thread, frame))
      sendAll(receipts.arrived(frame.messages))
    },
    link(frame) {
      for (const answer of links.get(frame.file) ?? []) answer(frame.url)
      links.delete(frame.file)
    },
    channel(frame) {
      page = frame.page
      onChange()
    },
    pong(frame) {
      if (frame.cursor !== undefined && thread.cursor !== undefined)
        thread = { ...thread, cursor: frame.cursor }
    },
    error: frame => options.onWarning(`${frame.code}: ${frame.detail}`),
    bye(frame) {
      if (frame.again) return
      ended = frame.code
      options.onWarning(`the line was ended: ${frame.code}: ${frame.detail}`)
      onChange()
    },
  }
  const again = (): void => {
    outbox.held()
    flush()
  }

  tabs.listen({
    token() {
      line.renew()
      line.open()
    },
    reset() {
      forget()
      line.close()
    },
    read: ids => show(withRead(thread, new Set(ids))),
  })

  const say: Client['say'] = content => {
    const isFirst = !thread.messages.some(message => message.from === 'visitor')
    const form = isFirst && outbox.entries().length === 0 ? formOf(keeper) : undefined
    outbox.add({ id: options.uuid(), at: now(), content, ...(form === undefined ? {} : { form }) })
    typing.said()
    line.open()
    changedEntries()
  }

  return {
    state: () => ({
      page,
      line: line.state(),
      ended,
      thread,
      entries: outbox.entries(),
      uploads: uploads.list(),
      visitor,
      isTyping: typing.isTheirs(),
      unread: unreadOf(thread),
      isLoading,
    }),
    connect: () => line.open(),
    isKnown: () => keeper.get('token') !== undefined,
    say,
    attach(files) {
      line.open()
      uploads.add(files)
    },
    retry(id) {
      outbox.retry(id)
      uploads.retry(id)
      line.open()
      changedEntries()
    },
    discard(id) {
      outbox.remove(id)
      uploads.remove(id)
      changedEntries()
    },
    typing: on => typing.mine(on),
    viewed(ids) {
      const changed = withRead(thread, new Set(ids))
      if (changed === thread) return
      show(changed)
      sendAll(receipts.viewed(ids))
      tabs.tell({ type: 'read', ids })
    },
    older() {
      const [oldest] = thread.messages
      if (!thread.more || isLoading || oldest === undefined) return
      isLoading = line.send({ type: 'history', before: oldest.id })
      onChange()
    },
    link: file =>
      new Promise(answer => {
        const asked = links.get(file) ?? []
        links.set(file, [...asked, answer])
        line.send({ type: 'link', file })
        setTimeout(() => answer(null), LINK_MS)
      }),
    form: () => formOf(keeper),
    fill(form) {
      keeper.set('form', JSON.stringify(form))
      onChange()
    },
    identify(identity) {
      claim = identity
      if (isForgetting() || !line.send({ type: 'identify', identity })) line.open()
    },
    reset() {
      forget()
      if (keeper.get('token') !== undefined) {
        keeper.set('forget', '1')
        tabs.tell({ type: 'reset' })
        if (!line.send({ type: 'reset' })) line.open()
      }
      onChange()
    },
    visit(next) {
      visit = next
      line.send({ type: 'page', page: next })
    },
    wake() {
      line.wake()
      if (isAsleep) line.open()
      isAsleep = false
    },
    sleep() {
      isAsleep = line.state() !== 'off' && line.state() !== 'ended'
      if (isAsleep) line.close()
    },
  }
}

function formOf(keeper: Keeper): Record<string, string> | undefined {
  const form = readJson(keeper.get('form'))
  return typeof form === 'object' && form !== null ? (form as Record<string, string>) : undefined
}
