import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { Visit } from '../../gateway/webchat/visit.ts'
import { idMaker } from '../../model/ids.ts'
import { seededRandom } from '../../model/random.ts'

const newId = idMaker(seededRandom(4))

describe('one socket', () => {
  const socket = () => {
    const sent: { type: string }[] = []
    const it = { sent, bufferedAmount: 0, isGone: false }
    const like = {
      ...{ OPEN: 1, readyState: 1 },
      send: (text: string) => sent.push(JSON.parse(text)),
      close: () => {},
      terminate: () => {
        it.isGone = true
      },
      get bufferedAmount() {
        return it.bufferedAmount
      },
    }
    return { it, like: like as unknown as WebSocket }
  }
  const open = () => {
    const { it, like } = socket()
    const ends: string[] = []
    const site = { id: newId('chn', 1), workspace: newId('wks', 1), config: { origins: [] } }
    const ended = (end: string) => void ends.push(end)
    return { it, ends, visit: new Visit({ socket: like, site, address: '', now: 0, ended }) }
  }
  const news = (sequence: number) => [sequence, JSON.stringify({ type: 'message', sequence })] as const

  test('the law of resuming: what happens while a page is greeted comes after it, once and in order', () => {
    const { it, visit } = open()
    visit.state = 'greeting'
    for (const sequence of [4, 5, 6]) visit.tell(...news(sequence))
    visit.say({ type: 'pong' })
    visit.open(5)
    for (const sequence of [5, 6, 7]) visit.tell(...news(sequence))
    expect(it.sent).toEqual([
      { type: 'pong' },
      { type: 'message', sequence: 6 },
      { type: 'message', sequence: 7 },
    ])
    expect(visit.cursor).toBe(7)
  })

  test('a reader who is slow is hung up, and what is told later costs nothing', () => {
    const { it, ends, visit } = open()
    visit.state = 'greeting'
    visit.open(0)
    visit.tell(...news(1))
    it.bufferedAmount = 1_000_000
    visit.tell(...news(2))
    visit.tell(...news(3))
    expect([it.sent.length, it.isGone, ends]).toEqual([1, true, ['slow']])
  })

  test('more than may wait for a greeting ends it, and the page comes again', () => {
    const { it, ends, visit } = open()
    visit.state = 'greeting'
    for (let sequence = 1; sequence <= 500; sequence++) visit.tell(...news(sequence))
    expect(it.sent).toMatchObject([{ type: 'bye', again: true }])
    expect(ends).toEqual(['busy'])
  })
})
