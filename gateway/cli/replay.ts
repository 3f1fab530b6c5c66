import { channelNamed } from './channel.ts'
import { clientOf } from './client.ts'
import { inColumns } from './lines.ts'
import type { Call, ExitCode } from './usage.ts'

type Rejected = { id: string; why: string; size: number; contentType: string; at: string }
type Replayed = { read: number; kept: number; messages: number }

/** `omnibus replay <channel>`: what could not be read when it came, with what this version can read (RULES B7). */
export async function replay(call: Call): Promise<ExitCode> {
  const client = clientOf(call)
  const { id, name } = await channelNamed(client, call.words[0] ?? '')
  if ('--list' in call.own) {
    const kept = await Array.fromAsync(client.all<Rejected>(`/v1/channels/${id}/rejected`))
    if (call.json) console.log(JSON.stringify(kept, null, 2))
    else {
      const rows = kept.map(one => [one.id, one.at, one.why, `${one.size}`, one.contentType])
      console.log(inColumns(['ID', 'AT', 'WHY', 'BYTES', 'TYPE'], rows))
    }
    return 0
  }
  const one = call.own['--id']
  const body = one === undefined ? {} : { id: one }
  const done = await client.ask<Replayed>('POST', `/v1/channels/${id}/replay`, { body })
  const { read, kept, messages } = done
  if (call.json) console.log(JSON.stringify(done, null, 2))
  else console.log(`${name}: ${read} deliveries were read (${messages} new messages), ${kept} stay unread.`)
  return kept === 0 ? 0 : 1
}
