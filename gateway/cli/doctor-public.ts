import type { Channel } from '../../model/channel.ts'
import { isLoopback } from '../config.ts'
import type { Finding, Patient } from './doctor.ts'

const check = 'public URL'
const ASK_MS = 10_000

/** How providers reach us: whether it is said, safe, leads here, and is what they were told. */
export async function* findPublicUrl({ config, url, running, client }: Patient): AsyncGenerator<Finding> {
  const { publicUrl } = config
  if (publicUrl === null) {
    const says = 'publicUrl is not set: providers are told the address that the daemon listens at'
    yield { check, state: 'warn', says, todo: 'Set publicUrl to what providers can call, with https.' }
  } else {
    yield* findAddress(publicUrl, running)
  }
  if (client === null) return
  const shown = publicUrl ?? url
  try {
    const channels = await Array.fromAsync(client.all<Channel>('/v1/channels'))
    const other = channels.find(
      ({ webhookUrl }) => webhookUrl !== null && !webhookUrl.startsWith(`${shown}/`),
    )
    if (other !== undefined) {
      const says = `the daemon shows ${other.webhookUrl}, which does not begin with ${shown}`
      yield { check, state: 'warn', says, todo: 'It was started with another configuration: restart it.' }
    }
  } catch (error) {
    yield { check, state: 'warn', says: (error as Error).message }
  }
}

async function* findAddress(publicUrl: string, running: boolean): AsyncGenerator<Finding> {
  const { protocol, hostname } = new URL(publicUrl)
  if (isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    yield { check, state: 'warn', says: `${publicUrl} is this machine: no provider can call it` }
  } else if (protocol !== 'https:') {
    const todo = 'Put a proxy with TLS in front, and set publicUrl to its https address.'
    yield { check, state: 'warn', says: `${publicUrl} is not https, which most providers want`, todo }
  }
  if (!running) {
    yield { check, state: 'warn', says: `${publicUrl} was not tried, since no daemon runs` }
    return
  }
  try {
    const answer = await fetch(`${publicUrl}/livez`, { signal: AbortSignal.timeout(ASK_MS) })
    const { status } = (await answer.json()) as { status?: unknown }
    if (status !== 'live') throw new Error(`it answers ${answer.status}, and not as Omnibus does`)
    yield { check, state: 'ok', says: `${publicUrl} leads to a daemon` }
  } catch (error) {
    const { cause, message } = error as Error
    const why = cause instanceof Error ? cause.message : message
    const todo = 'Look at DNS, the proxy and its certificate. Behind some routers it fails from inside only.'
    yield { check, state: 'fail', says: `${publicUrl}/livez: ${why}`, todo }
  }
}
