import { paint, plain, shortened } from './lines.ts'

/** An event as `tail` gets it; `data` differs by type and may hold more than this version knows. */
export type TailEvent = { type: string; subject: string; time: string; data: Record<string, unknown> }

const TYPE_WIDTH = 21
const TEXT_MAX = 100

/** An event in one line: when, what, about what, and the little that tells it from others. */
export function eventLine(channels: ReadonlyMap<string, string>): (event: TailEvent) => string {
  const colour = paint()
  const nameOf = (id: unknown): string => channels.get(String(id)) ?? String(id ?? '')
  return ({ type, subject, time, data }) => {
    const clock = colour('dim', time.slice(11, 23))
    const told = (TOLD[type] ?? rest)(data, nameOf)
    const padded = type.padEnd(TYPE_WIDTH)
    const what = colour(colourOf(type, data), padded)
    return `${clock}  ${what}  ${subject}  ${shortened(plain(told), TEXT_MAX)}`
  }
}

function colourOf(type: string, data: Record<string, unknown>): 'red' | 'green' | 'cyan' | 'yellow' {
  if (type === 'message.failed' || type === 'intake.rejected') return 'red'
  if (data['status'] === 'failed' || data['state'] === 'failing') return 'red'
  return type.startsWith('message.') ? 'green' : type.startsWith('channel.') ? 'yellow' : 'cyan'
}

type Tell = (data: Record<string, unknown>, nameOf: (id: unknown) => string) => string

const TOLD: Readonly<Record<string, Tell>> = {
  'message.created': (data, nameOf) => {
    const arrow = data['direction'] === 'inbound' ? '←' : '→'
    const { value } = (data['address'] ?? {}) as { value?: unknown }
    return `${nameOf(data['channel'])} ${arrow} ${String(value)}  ${contentOf(data['content'])}`
  },
  'message.status': ({ previous, status, raw }) =>
    `${previous} → ${status}${raw === null ? '' : ` (${raw})`}`,
  'message.failed': ({ failure }) => JSON.stringify(failure ?? null),
}

/** What was said, or its kind with what stands beside it. */
function contentOf(content: unknown): string {
  const { type, text, caption, name, emoji } = (content ?? {}) as Record<string, unknown>
  const said = [text, caption, name, emoji].find(value => typeof value === 'string')
  if (type === 'text') return String(said ?? '')
  return said === undefined ? `[${type}]` : `[${type}] ${said}`
}

/** Whatever is not an id again: the subject says what it is about. */
function rest(data: Record<string, unknown>): string {
  return Object.entries(data)
    .filter(([name, value]) => name !== 'id' && value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}
