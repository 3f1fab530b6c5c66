import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../connectors/webchat/frames.ts'
import { sharedNow } from './clock.ts'
import { answerQuestions } from './parts.ts'

/** Pages of visitors, many in one process. Each comes from an address of its own, told by a proxy that is believed. */
export type VisitorsQuestions = {
  /** Answers when all are greeted: the visitors, in order. */
  open: { input: { port: number; channel: string; count: number }; answer: string[] }
  /** Answers when so many frames of a type came since it was asked last: the times of their coming, by what they say. */
  heard: {
    input: { type: 'message' | 'channel'; count: number; withinMs: number }
    answer: { said: string; at: number }[]
  }
}

/** Opened at a time: the daemon greets them as they come. */
const AT_ONCE = 64

const heard = {
  message: [] as { said: string; at: number }[],
  channel: [] as { said: string; at: number }[],
}
let addresses = 0
/** Held, or they would be collected. */
const sockets: WebSocket[] = []

answerQuestions<VisitorsQuestions>({
  open: async ({ port, channel, count }) => {
    const visitors: string[] = []
    const openSome = async (): Promise<void> => {
      while (visitors.length < count) {
        const index = visitors.push('') - 1
        visitors[index] = await openOne(port, channel)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, openSome))
    return visitors
  },
  heard: async ({ type, count, withinMs }) => {
    const endsAt = performance.now() + withinMs
    while (heard[type].length < count && performance.now() < endsAt) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return heard[type].splice(0)
  },
})

function openOne(port: number, channel: string): Promise<string> {
  addresses += 1
  const socket = new WebSocket(`ws://127.0.0.1:${port}/webchat/${channel}`, SUBPROTOCOL, {
    origin: `http://127.0.0.1:${port}`,
    headers: { 'x-forwarded-for': `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}` },
    perMessageDeflate: false,
  })
  sockets.push(socket)
  return new Promise((resolve, reject) => {
    socket.once('open', () => socket.send('{"type":"hello"}'))
    socket.once('error', reject)
    socket.on('message', data => {
      const at = sharedNow()
      const frame = JSON.parse(String(data)) as Frame
      if (frame.type === 'welcome') resolve(frame.visitor.id)
      else if (frame.type === 'message') heard.message.push({ said: frame.message.content.text, at })
      else if (frame.type === 'channel') heard.channel.push({ said: '', at })
      else reject(new Error(String(data)))
    })
  })
}

type Frame =
  | { type: 'welcome'; visitor: { id: string } }
  | { type: 'message'; message: { content: { text: string } } }
  | { type: 'channel' }
