import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ChannelCreated } from '../model/change.ts'
import type { Clock } from '../model/clock.ts'
import type { ChannelId, IdMaker, WorkspaceId } from '../model/ids.ts'
import type { Random } from '../model/random.ts'
import { isShared } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { hashToken } from './auth.ts'
import type { Config } from './config.ts'

/** Why the daemon cannot start, in one line for whoever started it. */
export class StartRefused extends Error {
  override name = 'StartRefused'
}

/**
 * The keys that seal secrets, the current one first. Without a configured one it is kept in dataDir, made on first
 * start, readable by its owner only.
 */
export function secretKeysOf(config: Config, random: Random): string[] {
  if (config.secretKey !== null) return config.secretKey
  // RULES G1: with a shared store every node needs the same one.
  if (isShared(config.store)) throw mustBeGiven('secretKey', 'OMNIBUS_SECRET_KEY')
  const path = join(config.dataDir, 'secret.key')
  try {
    const key = readFileSync(path, 'utf8').trim()
    if (key.length < 16) throw new StartRefused(`${path} does not hold a key`)
    return [key]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const key = secretText(random)
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  // `wx`: of two that start at once, one makes the key and the other fails rather than overwrites it.
  const file = openSync(path, 'wx', 0o600)
  writeSync(file, `${key}\n`)
  fsyncSync(file)
  closeSync(file)
  return [key]
}

function mustBeGiven(key: string, variable: string): StartRefused {
  return new StartRefused(`${key} must be configured (${variable}) when several nodes may share the store`)
}

export type SetUp = {
  /** The first workspace: of who names none. */
  workspace: WorkspaceId
  /** The operator's token if it was made now; it is stored as a hash only and can never be shown again. */
  newToken: string | null
  /** Of the configured token; null if none is. */
  adminTokenHash: string | null
}

export type SetUpNeeds = {
  store: Store
  config: Config
  clock: Clock
  random: Random
  ids: IdMaker
  /** A channel to begin with, made with the first workspace and never again. */
  firstChannel: (id: ChannelId) => ChannelCreated | undefined
}

/** Makes what a daemon needs to have: a workspace, a way in, a first channel. Does nothing where they are. */
export async function setUp(needs: SetUpNeeds): Promise<SetUp> {
  const { store, config, clock, random, ids } = needs
  const { adminToken } = config
  // RULES G1: of several nodes that start at once each would print one, and only one of them would count.
  if (adminToken === null && isShared(config.store)) throw mustBeGiven('adminToken', 'OMNIBUS_ADMIN_TOKEN')
  const adminTokenHash = adminToken === null ? null : hashToken(adminToken)
  const tokenCreated = (hash: string) =>
    ({ kind: 'tokenCreated', id: ids('tok', clock.now()), hash, role: 'operator', name: 'admin' }) as const
  const workspaces = await store.query('workspaces', {})
  const [first] = workspaces.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  if (first === undefined) {
    const workspace = ids('wks', clock.now())
    const newToken = adminToken === null ? `omnibus_${secretText(random)}` : null
    const hash = adminTokenHash ?? hashToken(newToken ?? '')
    const created = { kind: 'workspaceCreated', name: 'Main', first: true } as const
    const channel = needs.firstChannel(ids('chn', clock.now()))
    const changes = [created, tokenCreated(hash), ...(channel === undefined ? [] : [channel])]
    const { outcomes } = await store.commit({ workspace, changes })
    // Another node was first.
    if (outcomes[0]?.ok === false) return await setUp(needs)
    return { workspace, newToken, adminTokenHash }
  }
  if (adminTokenHash !== null && (await store.query('token', { hash: adminTokenHash })) === null) {
    await store.commit({ workspace: first.id, changes: [tokenCreated(adminTokenHash)] })
  }
  return { workspace: first.id, newToken: null, adminTokenHash }
}

/** 256 random bits. */
function secretText(random: Random): string {
  return Buffer.from(random.fill(new Uint8Array(32))).toString('base64url')
}
