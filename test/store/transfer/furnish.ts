import { Readable } from 'node:stream'
import type { Address } from '../../../model/address.ts'
import type { Change, Lease } from '../../../model/change.ts'
import {
  type ChannelId,
  type ContactId,
  type IdMaker,
  idMaker,
  type WorkspaceId,
} from '../../../model/ids.ts'
import type { ImportPlan, Reject } from '../../../model/import.ts'
import { seededRandom } from '../../../model/random.ts'
import { openStore } from '../../../store/open.ts'
import { createSealer } from '../../../store/seal.ts'
import type { Store } from '../../../store/store.ts'
import { ANA, channelOf, GROUP } from '../../contracts/store/trial.ts'

/** Of somebody who said STOP. */
export const SILENT = { kind: 'phone', value: '+5215587654321' } as const
export const KEY = 'a-secret-key-of-tests'
const NOW = 1_700_000_000_000
const clock = { now: () => NOW, monotonic: () => performance.now() }
const listener = { events: () => {}, work: () => {} }

/** A store as a daemon opens it, on a clock that stands. */
export function openFor(url: string, dataDir: string, key = KEY): Promise<Store> {
  return openStore({ url, dataDir, filesDir: null, listener, clock, sealer: createSealer([key]) })
}

export type Furnished = { workspaces: WorkspaceId[]; sha256: string[]; waiting: string; attempted: string }

const MESSAGES = 1150
const IN_ONE = 230
const CLAIM = { group: GROUP, holder: 'node-1', leaseMs: 30_000, horizonMs: 0, skip: [] }

/** Two workspaces with rows in nearly every table, two pages of messages and more, and files. */
export async function furnish(store: Store): Promise<Furnished> {
  const newId = idMaker(seededRandom(11))
  const workspaces = [newId('wks', NOW), newId('wks', NOW)] as const
  const channels = [newId('chn', NOW), newId('chn', NOW)] as const
  const sha256: string[] = []
  for (const [at, workspace] of workspaces.entries()) {
    const channel = channels[at] as (typeof channels)[0]
    const commit = async (changes: Change[], more = {}): Promise<string[]> => {
      const { outcomes } = await store.commit({ workspace, changes, ...more })
      return outcomes.map(outcome => (outcome.ok ? (outcome.id ?? '') : ''))
    }
    const token = newId('tok', NOW)
    await commit([
      { kind: 'workspaceCreated', name: `Acme ${at} \u2028 ñ 🙂` },
      { kind: 'tokenCreated', id: token, hash: `hash ${at}`, role: 'operator', name: 'admin' },
      channelOf(channel, `11${at}`),
    ])
    for (let from = 0; from < MESSAGES; from += IN_ONE) {
      const numbers = Array.from({ length: IN_ONE }, (_, index) => from + index)
      await commit(numbers.map(number => inbound(channel, number)))
    }
    const file = await store.putFile(Readable.from([Buffer.alloc(300_000, `file ${at}`)]), 1e6)
    sha256.push(file.sha256)
    const id = newId('fil', NOW)
    const raw = Buffer.from([0, 1, 255, 10])
    await commit([
      { kind: 'fileCreated', id, ...file, mimeType: 'image/png', name: 'a "quoted" \\ name.png' },
      { kind: 'rejected', channel, why: 'signature', raw, contentType: 'application/json' },
      { kind: 'receipt', channel, of: { providerId: 'unknown' }, status: 'read', at: NOW, raw: 'read' },
      { kind: 'identified', channel, visitor: 'v1', epoch: 0, externalId: '42', addresses: [], name: 'Ana' },
      { kind: 'receipt', channel, of: { upTo: NOW, address: ANA }, status: 'read', at: NOW, raw: 'read' },
    ])
    const template = {
      name: 'order_ready',
      language: 'es_MX',
      status: 'approved',
      components: [{ a: 1 }],
    } as const
    const claimed = await store.claim({ ...CLAIM, limits: { reply: 0, normal: 0, bulk: 0 } })
    const lease = { group: GROUP, fence: claimed.held ? claimed.fence : 0 }
    await commit([
      { kind: 'templateTold', channel, template, at: NOW },
      { kind: 'channelLimits', channel, live: { tier: 250 }, at: NOW, raw: 'TIER_250' },
      { kind: 'polled', channel, position: '4711', lease },
    ])
    const content = { type: 'text', text: 'edited' } as const
    await commit([
      { kind: 'edited', channel, key: 'edit-1', of: 'key-0', at: NOW, content },
      { kind: 'deleted', channel, key: 'revoke-1', of: 'key-2', at: NOW },
      { kind: 'edited', channel, key: 'edit-2', of: 'early', at: NOW, content },
    ])
    const [gone] = await commit([
      { kind: 'contactCreated', source: 'api', addresses: [], set: {}, tags: [], fields: {} },
      ...sorting(newId),
    ])
    await commit([{ kind: 'contactDeleted', contact: gone as ContactId, erase: true }])
    await furnishIdentity(commit, channel)
    await furnishImport(commit, newId, { ...file, name: 'people.csv' }, lease)
    const once = { scope: 'api', key: 'k1', hash: 'h1' }
    await commit([outbound(channel)], { once, cursor: { follower: 'router', from: 0, to: 5 } })
  }
  return { ...(await sendSome(store, workspaces[0], channels[0])), workspaces: [...workspaces], sha256 }
}

type Commit = (changes: Change[]) => Promise<string[]>

/** Two who are one, and somebody who said STOP. */
async function furnishIdentity(commit: Commit, channel: ChannelId): Promise<void> {
  const twice = [['Eva@Example.com'], ['EVA@example.com']] as const
  const [into, from] = await commit(
    twice.map(([value]) => ({
      ...{ kind: 'contactCreated', source: 'api', addresses: [{ kind: 'email', value }] },
      ...{ set: {}, tags: [], fields: {} },
    })),
  )
  const told = { state: 'withdrawn', source: 'contact', raw: 'stop', at: NOW } as const
  await commit([
    {
      kind: 'contactMerged',
      from: from as ContactId,
      into: into as ContactId,
      by: { kind: 'api', id: null },
    },
    { kind: 'consented', channel, address: SILENT, category: 'all', ...told },
  ])
}

/** A list of people of which one row was read, and left out. */
async function furnishImport(
  commit: Commit,
  newId: IdMaker,
  file: { sha256: string; size: number; name: string },
  lease: Lease,
): Promise<void> {
  const id = newId('imp', NOW)
  const plan: ImportPlan = {
    ...{ encoding: 'utf-8', separator: ',', newline: '\n', header: true, match: 'any', tagSeparator: ';' },
    columns: [{ column: 'phone', to: 'phone' }],
    defaults: { tags: [], language: null, country: null, timeZone: null },
    ...{ checkPhones: true, dryRun: false },
  }
  const started = { id, file: { id: newId('fil', NOW), ...file }, plan, hash: 'h1', again: false, by: null }
  const rejected: Reject[] = [{ line: 2, raw: 'x', code: 'phone', column: 'phone', detail: 'is no phone' }]
  await commit([{ kind: 'importStarted', ...started }])
  const rows = { from: 0, to: 1, bytes: 2, rows: '[]', tags: [], rejected, last: false }
  await commit([{ kind: 'contactsImported', import: id, lease, ...rows }])
}

/** One that was sent and received, one that was being written to the provider when the process died, one that waits. */
async function sendSome(
  store: Store,
  workspace: WorkspaceId,
  channel: string,
): Promise<{ waiting: string; attempted: string }> {
  const limits = { reply: 0, normal: 2, bulk: 0 }
  const request = { ...CLAIM, limits }
  const claimed = await store.claim(request)
  const [sent, left] = claimed.held ? claimed.items : []
  if (!claimed.held || sent === undefined || left === undefined) throw new Error('nothing to claim')
  const lease = { group: GROUP, fence: claimed.fence }
  for (const { message, workspace } of [sent, left]) {
    const attempt = { part: 0, attempt: 1, parts: 1, queued: false }
    await store.commit({ workspace, changes: [{ kind: 'attempted', message, lease, ...attempt }] })
  }
  const taken = { held: false, at: NOW, raw: 'accepted' }
  const result = { is: 'accepted' as const, providerIds: ['wamid.1'], ...taken }
  const received = { status: 'received', at: NOW, raw: 'delivered' } as const
  await store.commit({
    workspace: sent.workspace,
    changes: [
      { kind: 'settled', message: sent.message, lease, part: 0, attempt: 1, result },
      { kind: 'receipt', channel: sent.channel, of: { providerId: 'wamid.1' }, ...received },
    ],
  })
  const [outcome] = (await store.commit({ workspace, changes: [outbound(channel)] })).outcomes
  return { attempted: left.message, waiting: outcome?.ok === true ? (outcome.id ?? '') : '' }
}

function inbound(channel: string, number: number): Change {
  const value = `+52155${String(10_000_000 + (number % 700))}`
  return {
    kind: 'received',
    channel: channel as never,
    // Without a provider's id it is known again by `seen`.
    key: `key-${number}`,
    providerId: number % 2 === 0 ? `key-${number}` : null,
    at: NOW - number,
    echo: false,
    address: { kind: 'phone', value },
    also: [],
    content: { type: 'text', text: `line one\nline "two" \\ \u0000 ${number}` },
  }
}

export function outbound(channel: string, to: Address = ANA): Change {
  return {
    kind: 'enqueued',
    channel: channel as never,
    to,
    content: { type: 'text', text: 'hola' },
    source: { kind: 'api', id: null },
    category: 'service',
    lane: 'normal',
    expiresAt: NOW + 86_400_000,
  }
}

function sorting(newId: IdMaker): Change[] {
  return [
    { kind: 'tagCreated', id: newId('tag', NOW), name: 'VIP' },
    { kind: 'segmentCreated', id: newId('seg', NOW), name: 'All', filter: { all: [] } },
    { kind: 'fieldCreated', field: { key: 'plan', title: 'Plan', type: 'text', options: null } },
  ]
}
