import { randomUUID } from 'node:crypto'
import { parse } from 'yaml'
import type { Channel } from '../../model/channel.ts'
import { type Client, clientOf } from './client.ts'
import { readInput } from './input.ts'
import { inColumns } from './lines.ts'
import { type Call, type ExitCode, hintOf, needed, Refused, UsageError } from './usage.ts'

/** `omnibus channel list`. */
export async function listChannels(call: Call): Promise<ExitCode> {
  const channels = await Array.fromAsync(clientOf(call).all<Channel>('/v1/channels'))
  if (call.json) console.log(JSON.stringify(channels, null, 2))
  else if (channels.length === 0) console.log('There is no channel yet: omnibus help channel create')
  else {
    const rows = channels.map(({ id, connector, name, status, health, webhookUrl }) => [
      id,
      connector,
      name,
      status,
      healthOf(health),
      webhookUrl ?? '',
    ])
    console.log(inColumns(['ID', 'CONNECTOR', 'NAME', 'STATUS', 'HEALTH', 'WEBHOOK'], rows))
  }
  return 0
}

/** `omnibus channel check <id or name>`: asks the provider whether it takes the credentials. */
export async function checkChannel(call: Call): Promise<ExitCode> {
  const client = clientOf(call)
  const { id } = await channelNamed(client, call.words[0] ?? '')
  const channel = await client.ask<Channel>('POST', `/v1/channels/${id}/check`)
  console.log(call.json ? JSON.stringify(channel, null, 2) : `${channel.name}: ${healthOf(channel.health)}`)
  return channel.health.state === 'ok' ? 0 : 1
}

/** `omnibus channel create`. */
export async function createChannel(call: Call): Promise<ExitCode> {
  const connector = needed(call, '--connector', 'channel create', '<name>')
  const name = needed(call, '--name', 'channel create', '<name>')
  const config = configIn(await readInput(needed(call, '--config-file', 'channel create', '<file>')))
  const channel = await clientOf(call).ask<Channel>('POST', '/v1/channels', {
    body: { connector, name, config },
    headers: { 'idempotency-key': call.own['--key'] ?? randomUUID() },
  })
  if (call.json) console.log(JSON.stringify(channel, null, 2))
  else {
    console.log(`${channel.name} is ${channel.id}`)
    if (channel.webhookUrl !== null)
      console.log(`The provider must send its webhooks to ${channel.webhookUrl}`)
  }
  return 0
}

/** The channel of this id, or the only one of this name. @throws Refused */
export async function channelNamed(client: Client, text: string): Promise<Pick<Channel, 'id' | 'name'>> {
  const channels = await Array.fromAsync(client.all<Channel>('/v1/channels'))
  const byId = channels.find(({ id }) => id === text)
  if (byId !== undefined) return byId
  const found = channels.filter(({ name }) => name.toLowerCase() === text.toLowerCase())
  const [first] = found
  if (first === undefined) {
    const names = channels.map(({ name }) => name)
    throw new Refused(`there is no channel "${text}"${hintOf(text, names, '"')}`)
  }
  if (found.length > 1) {
    throw new Refused(
      `${found.length} channels are called "${text}": ${found.map(({ id }) => id).join(', ')}`,
    )
  }
  return first
}

function healthOf({ state, why }: Channel['health']): string {
  return why === null ? state : `${state} (${why})`
}

/** JSON is YAML too. */
function configIn(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new UsageError(`--config-file: ${(error as Error).message.split('\n')[0]}`)
  }
}
