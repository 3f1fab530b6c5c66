import type { DaemonFrame } from '../connectors/webchat/frames.ts'
import { type Core, flush, keepToken, sendAll, show } from './core.ts'
import { EMPTY, isForVisitor, told, welcomed, withOlder } from './thread.ts'

type Handlers = {
  readonly [Type in DaemonFrame['type']]?: (core: Core, frame: Extract<DaemonFrame, { type: Type }>) => void
}

/** What the daemon said. A frame of a type that is not here is passed over: the daemon may be newer than the page. */
export function hear(core: Core, frame: DaemonFrame): void {
  const handle = Object.hasOwn(HANDLERS, frame.type) ? HANDLERS[frame.type] : undefined
  ;(handle as ((core: Core, frame: DaemonFrame) => void) | undefined)?.(core, frame)
}

const HANDLERS: Handlers = {
  welcome(core, frame) {
    const { identity, receipts, options, outbox, uploads } = core
    keepToken(core, frame.token)
    if (identity.isForgetting()) {
      core.line.send({ type: 'reset' })
      return
    }
    core.visitor = frame.visitor
    // What is proven needs no second proof, which may be out of date by then.
    if (frame.visitor.identified) identity.claim = undefined
    core.isLoading = false
    if (frame.resume === 'again') receipts.clear()
    show(core, welcomed(core.thread, frame))
    sendAll(core, receipts.renewed(core.thread.messages))
    options.tabs.adopt(name => {
      outbox.adopt(options.keeper.get(name))
      options.keeper.set(name, undefined)
      show(core, core.thread)
    })
    uploads.resume()
  },

  accepted(core, frame) {
    core.outbox.accepted(frame.id)
    flush(core)
  },

  refused(core, frame) {
    if (frame.retryAfterMs === undefined) {
      core.outbox.refused(frame.id, frame.code)
      flush(core)
    } else {
      setTimeout(() => {
        core.outbox.held()
        flush(core)
      }, frame.retryAfterMs)
    }
  },

  message(core, frame) {
    if (core.identity.isForgetting()) return
    show(core, told(core.thread, frame))
    sendAll(core, core.receipts.arrived([frame.message]))
    if (!isForVisitor(frame.message)) return
    core.typing.theirs(false)
    core.options.onMessage(frame.message)
  },

  changed(core, frame) {
    if (!core.identity.isForgetting()) show(core, told(core.thread, frame))
  },

  typing: (core, frame) => core.typing.theirs(frame.on),

  identified(core, frame) {
    const { identity, line } = core
    identity.setForgetting(false)
    keepToken(core, frame.token)
    core.visitor = frame.visitor
    if (frame.visitor.identified) identity.claim = undefined
    else if (identity.claim !== undefined) line.send({ type: 'identify', identity: identity.claim })
    // A `welcome` with the other thread follows.
    if (frame.again) {
      core.receipts.clear()
      show(core, EMPTY)
    } else flush(core)
  },

  identityRefused(core, frame) {
    core.identity.claim = undefined
    core.options.onWarning(`the identity was refused: ${frame.code}: ${frame.detail}`)
  },

  history(core, frame) {
    core.isLoading = false
    show(core, withOlder(core.thread, frame))
    sendAll(core, core.receipts.arrived(frame.messages))
  },

  link: (core, frame) => core.links.answer(frame.file, frame.url),

  channel(core, frame) {
    core.page = frame.page
    core.options.onChange()
  },

  pong(core, { cursor }) {
    if (cursor !== undefined && core.thread.cursor !== undefined) core.thread = { ...core.thread, cursor }
  },

  error: (core, frame) => core.options.onWarning(`${frame.code}: ${frame.detail}`),

  bye(core, frame) {
    if (frame.again) return
    core.ended = frame.code
    core.options.onWarning(`the line was ended: ${frame.code}: ${frame.detail}`)
    core.options.onChange()
  },
}
