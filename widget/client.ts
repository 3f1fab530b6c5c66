import { createCore, flush, forget, say, sendAll, show } from './core.ts'
import { hear } from './hear.ts'
import type { Client, ClientOptions } from './state.ts'
import { unreadOf, withRead } from './thread.ts'

/**
 * The browser's side of a conversation: what the visitor and the website can do with it. `core.ts` is what it is made
 * of, `hear.ts` what the daemon says. Nothing is drawn here.
 */
export function createClient(options: ClientOptions): Client {
  const core = createCore(options, hear)
  const { identity, outbox, uploads, typing, receipts, links, line } = core
  const { tabs, onChange } = options
  let isAsleep = false

  tabs.listen({
    token() {
      line.renew()
      line.open()
    },
    reset() {
      forget(core)
      line.close()
    },
    read: ids => show(core, withRead(core.thread, new Set(ids))),
  })

  return {
    state: () => ({
      page: core.page,
      line: line.state(),
      ended: core.ended,
      thread: core.thread,
      entries: outbox.entries(),
      uploads: uploads.list(),
      visitor: core.visitor,
      isTyping: typing.isTheirs(),
      unread: unreadOf(core.thread),
      isLoading: core.isLoading,
    }),
    connect: () => line.open(),
    isKnown: () => identity.token() !== undefined,
    say: content => say(core, content),
    attach(files) {
      line.open()
      uploads.add(files)
    },
    retry(id) {
      outbox.retry(id)
      uploads.retry(id)
      line.open()
      flush(core)
    },
    discard(id) {
      outbox.remove(id)
      uploads.remove(id)
      flush(core)
    },
    typing: on => typing.mine(on),
    viewed(ids) {
      const changed = withRead(core.thread, new Set(ids))
      if (changed === core.thread) return
      show(core, changed)
      sendAll(core, receipts.viewed(ids))
      tabs.tell({ type: 'read', ids })
    },
    older() {
      const [oldest] = core.thread.messages
      if (!core.thread.more || core.isLoading || oldest === undefined) return
      core.isLoading = line.send({ type: 'history', before: oldest.id })
      onChange()
    },
    link: file => links.ask(file),
    form: identity.form,
    fill(form) {
      identity.fill(form)
      onChange()
    },
    identify(claim) {
      identity.claim = claim
      if (identity.isForgetting() || !line.send({ type: 'identify', identity: claim })) line.open()
    },
    reset() {
      forget(core)
      if (identity.token() === undefined) return
      identity.setForgetting(true)
      tabs.tell({ type: 'reset' })
      if (!line.send({ type: 'reset' })) line.open()
    },
    visit(page) {
      core.visit = page
      line.send({ type: 'page', page })
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
