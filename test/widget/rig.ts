import type { ChannelPage, DaemonFrame, ShownMessage, VisitorFrame } from '../../connectors/webchat/frames.ts'
import { createClient } from '../../widget/client.ts'
import type { Socket } from '../../widget/line.ts'
import type { Client } from '../../widget/state.ts'
import { type Keeper, openKeeper } from '../../widget/storage.ts'
import { createTabs } from '../../widget/tabs.ts'
import type { Transfer } from '../../widget/uploads.ts'

/** The browser's side without a browser: its sockets, its storage and its clock are these. */
const PAGE: ChannelPage = {
  ...{ channel: 'chn_1', theme: {}, locale: 'auto', preChat: [], identity: 'off', textMax: 1000 },
  files: { bytesMax: 100, mimeTypes: [] },
}

export type Wire = Socket & { said: VisitorFrame[]; hear(frame: DaemonFrame): void; isClosed: boolean }

function makeWire(): Wire {
  const wire: Wire = {
    ...{ onopen: null, onmessage: null, onclose: null, said: [], isClosed: false },
    send: text => void wire.said.push(JSON.parse(text) as VisitorFrame),
    close: () => {
      wire.isClosed = true
    },
    hear: frame => wire.onmessage?.({ data: JSON.stringify(frame) } as never),
  }
  return wire
}

type Browser = { client: Client; wires: Wire[]; keeper: Keeper; warnings: string[]; news: string[] }

export function open(area = new Map<string, string>(), transfer: Transfer = async () => 'fil_1'): Browser {
  const storage = {
    get length() {
      return area.size
    },
    key: (at: number) => [...area.keys()][at] ?? null,
    getItem: (name: string) => area.get(name) ?? null,
    setItem: (name: string, value: string) => void area.set(name, value),
    removeItem: (name: string) => void area.delete(name),
  }
  const keeper = openKeeper(() => storage, 'omnibus.chn_1.')
  const wires: Wire[] = []
  const [warnings, news]: string[][] = [[], []]
  const tabs = createTabs({ name: 'x', keeper, uuid, locks: undefined, channel: undefined })
  const client = createClient({
    ...{ page: PAGE, keeper, tabs, transfer, uuid, language: 'es-MX' },
    connect: () => {
      const wire = makeWire()
      wires.push(wire)
      return wire
    },
    now: Date.now,
    random: () => 1,
    onChange: () => {},
    onMessage: message => news?.push(message.id),
    onWarning: text => warnings?.push(text),
  })
  return { client, wires, keeper, warnings: warnings ?? [], news: news ?? [] }
}

let ids = 0
export const uuid = (): string => `id-${String(++ids).padStart(4, '0')}`

export function welcome(more: Partial<Extract<DaemonFrame, { type: 'welcome' }>> = {}): DaemonFrame {
  return {
    ...{ type: 'welcome', visitor: { id: 'v', identified: false, name: null }, messages: [], more: false },
    ...{ cursor: '1', heartbeatMs: 25_000, resume: 'again', reason: 'new', token: 'token-1' },
    ...more,
  } as DaemonFrame
}

/** A socket that was opened and greeted. */
export function greet({ wires }: Browser, frame = welcome()): Wire {
  const wire = wires.at(-1) ?? makeWire()
  wire.onopen?.({} as never)
  wire.hear(frame)
  return wire
}

export function message(id: string, more: Partial<ShownMessage> = {}): ShownMessage {
  return {
    ...{ id, from: 'agent', at: '2026-11-24T10:00:00Z', status: 'sent' },
    ...{ content: { type: 'text', text: id } },
    ...more,
  } as ShownMessage
}

export const said = <Type extends VisitorFrame['type']>(
  wire: Wire,
  type: Type,
): Extract<VisitorFrame, { type: Type }>[] =>
  wire.said.filter((frame): frame is Extract<VisitorFrame, { type: Type }> => frame.type === type)

export const textsOf = (wire: Wire): unknown[] =>
  said(wire, 'message').map(({ content }) => ('text' in content ? content.text : content.type))
