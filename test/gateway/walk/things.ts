import type { RejectedId, WorkspaceId } from '../../../model/ids.ts'
import { ROLES, type Role } from '../../../model/token.ts'
import { deliver, makeChannel, type Running, textDelivery } from '../daemon.ts'
import type { Things } from './operations.ts'

/** One of each kind in a workspace. A route about a new kind of thing needs a line here, and nothing else. */
export async function makeThings(daemon: Running, workspace: string, number: string): Promise<Things> {
  const query = `?workspace=${workspace}`
  // Nobody listens there: credentials that cannot be checked are an answer, and the test stays on this machine.
  const channel = await makeChannel(daemon, number, { apiBase: 'http://127.0.0.1:1' }, query)
  await deliver(daemon, textDelivery({ number, id: `wamid.${number}` }), `/in/whatsapp/${channel.id}`)
  await deliver(daemon, 'neither JSON nor anything else', `/in/whatsapp/${channel.id}`)
  const list = (await daemon.call('GET', `/v1/messages${query}`)).body as {
    data: { id: string; contact: string; conversation: string }[]
  }
  const [message] = list.data
  if (message === undefined) throw new Error('no message came in')
  const form = new FormData()
  form.set('file', new Blob(['PNG'], { type: 'image/png' }), 'a.png')
  const file = (await daemon.call('POST', `/v1/files${query}`, { body: form })).body as { id: string }
  const [rejected] = await daemon.store.query('rejected', {
    workspace: workspace as WorkspaceId,
    limit: 1,
  })
  const tag = (await daemon.call('POST', `/v1/tags${query}`, { body: { name: 'VIP' } })).body as {
    id: string
  }
  const field = { key: `plan${number}`, title: 'Plan', type: 'text' }
  await daemon.call('POST', `/v1/fields${query}`, { body: field })
  const segment = { name: 'VIP', filter: { field: 'tags', op: 'has', value: 'VIP' } }
  const saved = (await daemon.call('POST', `/v1/segments${query}`, { body: segment })).body as { id: string }
  const token = { name: 'spare', role: 'agent' }
  const made = (await daemon.call('POST', `/v1/tokens${query}`, { body: token })).body as { id: string }
  // Written in two ways: they may be one person.
  for (const email of [`eva${number}@example.com`, `Eva${number}@Example.com`]) {
    await daemon.call('POST', `/v1/contacts${query}`, { body: { email } })
  }
  const pairs = (await daemon.call('GET', `/v1/contacts/candidates${query}`)).body as {
    data: { id: string }[]
  }
  const people = { body: 'phone\n+5215500000000\n', headers: { 'content-type': 'text/csv' } }
  const imported = await daemon.call('POST', `/v1/contacts/import${query}`, people)
  return {
    imports: (imported.body as { id: string }).id,
    workspaces: workspace,
    channels: channel.id,
    messages: message.id,
    contacts: message.contact,
    conversations: message.conversation,
    files: file.id,
    rejected: rejected?.id as RejectedId,
    tokens: made.id,
    tags: tag.id,
    fields: field.key,
    candidates: pairs.data[0]?.id ?? '',
    segments: saved.id,
  }
}

/** A token of each role in a workspace. */
export async function makeTokens(daemon: Running, workspace: string): Promise<Record<Role, string>> {
  const made = ROLES.map(async role => {
    const body = { name: role, role }
    const answer = await daemon.call('POST', `/v1/tokens?workspace=${workspace}`, { body })
    return [role, (answer.body as { token: string }).token] as const
  })
  return Object.fromEntries(await Promise.all(made)) as Record<Role, string>
}
