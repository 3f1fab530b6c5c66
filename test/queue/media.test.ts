import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { createBus } from '../../bus/memory.ts'
import { defineConnector, type MediaStream } from '../../connectors/connector.ts'
import { createDirectory } from '../../connectors/directory.ts'
import { systemClock } from '../../model/clock.ts'
import type { ForeignMedia } from '../../model/content.ts'
import { type FailureCode, SendFailure } from '../../model/failure.ts'
import { type ChannelId, idMaker, type MessageId, type WorkspaceId } from '../../model/ids.ts'
import { silentLog } from '../../model/log.ts'
import type { Message } from '../../model/message.ts'
import { systemRandom } from '../../model/random.ts'
import { createMediaFetch } from '../../queue/media.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import type { Store } from '../../store/store.ts'

const PICTURE = Buffer.from('not really a picture')
const hash = (encoding: 'hex' | 'base64') => createHash('sha256').update(PICTURE).digest(encoding)

type Fetch = (media: ForeignMedia, call: number) => Promise<MediaStream>

function connectorWith(fetchMedia: Fetch, state: { calls: number }) {
  return defineConnector({
    connector: 'test',
    title: 'Test',
    config: Type.Object({}),
    can: () => ({
      text: { max: 9, unit: 'characters' },
      captionMax: 0,
      media: {},
      carries: [],
      quotes: false,
      observes: [],
    }),
    limits: () => ({ account: 'a', perSecond: null }),
    keyOf: () => 'a',
    send: async () => ({ providerIds: [], raw: '' }),
    fetchMedia: async media => {
      state.calls += 1
      return await fetchMedia(media, state.calls)
    },
    check: async () => ({ state: 'ok' }),
  })
}

/** The real store, bus and follower, with a provider that the test plays. */
async function createRig(fetchMedia: Fetch) {
  const dataDir = mkdtempSync(join(tmpdir(), 'omnibus-media-'))
  const bus = createBus()
  const store = await openSqlite({
    dataDir,
    clock: systemClock,
    listener: { events: events => bus.publish(events), work: () => {} },
  })
  const newId = idMaker(systemRandom)
  const now = systemClock.now()
  const workspace = newId('wks', now)
  const channel = newId('chn', now)
  const directory = createDirectory()
  const state = { calls: 0 }
  const connector = connectorWith(fetchMedia, state)
  const common = {
    id: channel,
    connector: 'test',
    name: 'a',
    config: {},
    providerKey: 'a',
    senderGroup: 'test:a',
  }
  await store.commit({
    workspace,
    changes: [
      { kind: 'workspaceCreated', name: 'T' },
      { kind: 'channelCreated', ...common },
    ],
  })
  directory.set({
    ...common,
    workspace,
    connector,
    status: 'active',
    config: {} as never,
    health: { state: 'unknown' },
    live: {},
  })
  const start = () =>
    createMediaFetch({
      store,
      bus,
      directory,
      http: async () => {
        throw new SendFailure({ code: 'noAnswer' })
      },
      clock: systemClock,
      random: { ...systemRandom, fraction: () => 0.01 },
      log: silentLog,
    })
  const fetching = [start()]
  const receive = (sha256?: string) => receiveImage(store, workspace, channel, sha256)
  const media = async (id: MessageId) => {
    const message: Message | null = await store.query('message', { workspace, id })
    if (message?.content.type !== 'image') throw new Error('no image')
    return message.content.media
  }
  return {
    store,
    state,
    start: () => fetching.push(start()),
    stop: async () => await Promise.all(fetching.splice(0).map(one => one.stop())),
    receive,
    media,
    until: async (id: MessageId, wanted: string) => {
      for (let i = 0; i < 1000; i++) {
        if ((await media(id)).state === wanted) return
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      throw new Error(`${JSON.stringify(await media(id))} is not ${wanted}`)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(fetching.map(one => one.stop()))
      bus.close()
      await store.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function receiveImage(
  store: Store,
  workspace: WorkspaceId,
  channel: ChannelId,
  sha256?: string,
): Promise<MessageId> {
  const media: ForeignMedia = {
    ref: 'media-1',
    mimeType: 'image/jpeg',
    ...(sha256 === undefined ? {} : { sha256 }),
  }
  const { outcomes } = await store.commit({
    workspace,
    changes: [
      {
        kind: 'received',
        channel,
        key: `k${sha256}`,
        providerId: null,
        at: 1,
        echo: false,
        address: { kind: 'phone', value: '+5215512345678' },
        also: [],
        content: { type: 'image', media },
      },
    ],
  })
  const [outcome] = outcomes
  if (outcome?.ok !== true) throw new Error('refused')
  return outcome.id as MessageId
}

const picture = async (): Promise<MediaStream> => ({
  stream: Readable.from([PICTURE]),
  mimeType: 'image/png',
})
const failing = (code: FailureCode) => async (): Promise<MediaStream> => {
  throw new SendFailure({ code })
}

test.each(['hex', 'base64'] as const)(
  'an inbound picture is fetched, checked by its SHA-256 in %s and stored',
  async encoding => {
    await using rig = await createRig(picture)
    const id = await rig.receive(hash(encoding))
    await rig.until(id, 'stored')
    expect(await rig.media(id)).toMatchObject({
      mimeType: 'image/png',
      size: PICTURE.length,
      sha256: hash('hex'),
    })
    const chunks = await (await rig.store.readFile(hash('hex'))).toArray()
    expect(Buffer.concat(chunks)).toEqual(PICTURE)
  },
)

test('a fetch that fails is tried again; a file that the provider no longer has fails for good', async () => {
  await using rig = await createRig(
    async (media, call) =>
      await (call === 1 ? failing('unreachable')() : call === 2 ? failing('noAnswer')() : picture()).then(
        found => ({ ...found, ref: media.ref }),
      ),
  )
  const id = await rig.receive()
  await rig.until(id, 'stored')
  expect(rig.state.calls).toBe(3)
  await using gone = await createRig(failing('mediaFailed'))
  const lost = await gone.receive()
  await gone.until(lost, 'failed')
  expect(gone.state.calls).toBe(1)
})

test('bytes that are not what was told are not taken for the picture', async () => {
  await using rig = await createRig(async (_media, call) =>
    call === 1 ? { stream: Readable.from([Buffer.from('cut off')]) } : await picture(),
  )
  const id = await rig.receive(hash('hex'))
  await rig.until(id, 'stored')
  expect((await rig.media(id)).sha256).toBe(hash('hex'))
})

test('what was under way when the process stopped is fetched by the next', async () => {
  let isReady = false
  await using rig = await createRig(async () => {
    if (!isReady)
      return await new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('cut')), 50))
    return await picture()
  })
  const id = await rig.receive()
  for (let i = 0; i < 200 && rig.state.calls === 0; i++) await new Promise(resolve => setTimeout(resolve, 5))
  await rig.stop()
  expect((await rig.media(id)).state).toBe('pending')
  isReady = true
  rig.start()
  await rig.until(id, 'stored')
})
