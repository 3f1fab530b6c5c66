import type { AnyConnector, Http } from '../../connectors/connector.ts'
import { createHttp } from '../../connectors/kit/http.ts'
import { connectorOf } from '../../connectors/registry.ts'
import type { Channel, Health } from '../../model/channel.ts'
import type { Clock } from '../../model/clock.ts'
import { systemRandom } from '../../model/random.ts'
import { schemaOf } from '../../store/schema.ts'
import { createSealer, fits, type Sealer } from '../../store/seal.ts'
import type { StoredChannel } from '../../store/store.ts'
import { channelsIn } from '../../store/transfer/channels.ts'
import { nameOf, openDepot } from '../../store/transfer/open.ts'
import { storeSource } from '../../store/transfer/source.ts'
import { isSealedWith, openConfig } from '../channels.ts'
import type { Finding, Patient } from './doctor.ts'
import { disposed, keysOf, placeOf } from './transfer.ts'

/** The store, the key that opens it, and each provider that a channel names. */
export async function* findStore(patient: Patient, clock: Clock): AsyncGenerator<Finding> {
  const { config, client } = patient
  const check = 'store'
  const place = placeOf(config)
  const name = await nameOf(place)
  try {
    const { found, known } = await schemaOf(place)
    if (found === 0) {
      yield { check, state: 'ok', says: `${name} is empty: the first start makes schema ${known}` }
      // A daemon that runs all the same has its store elsewhere.
      if (client !== null) yield* findByApi(client)
      return
    }
    if (found !== known) {
      const says = `${name} has schema ${found}, this version knows ${known}`
      const todo = found < known ? 'Take a backup, then: omnibus migrate' : 'Run the newer version.'
      yield { check, state: found < known ? 'warn' : 'fail', says, todo }
      return
    }
    await using opened = disposed(await openDepot(place, 'snapshot'))
    const { keyCheck } = await storeSource(opened.depot, null)
    const channels = await channelsIn(opened.depot)
    yield { check, state: 'ok', says: `${name} opens: schema ${found}, ${channels.length} channels` }
    const { keys } = keysOf(config, [opened.depot.keyPath])
    yield* findSecrets(createSealer(keys), keyCheck, channels, { patient, clock })
  } catch (error) {
    const says = `${name}: ${error instanceof Error ? error.message : String(error)}`
    if (client === null) {
      const todo = 'Run it as the user of the daemon, or give OMNIBUS_TOKEN, so that the daemon is asked.'
      yield { check, state: 'fail', says, todo }
      return
    }
    yield { check, state: 'warn', says: `${says}; the daemon is asked instead` }
    yield* findByApi(client)
  }
}

type Means = { patient: Patient; clock: Clock }

async function* findSecrets(
  sealer: Sealer,
  keyCheck: string,
  channels: readonly StoredChannel[],
  means: Means,
): AsyncGenerator<Finding> {
  const check = 'secret key'
  if (!fits(sealer, keyCheck)) {
    const todo = 'Give the key that the data was sealed with, or "new,old".'
    yield { check, state: 'fail', says: 'it is not the one of this store', todo }
    return
  }
  const opened: { channel: StoredChannel; connector: AnyConnector; config: Record<string, unknown> }[] = []
  let old = keyCheck.startsWith(`${sealer.keyId}:`) ? 0 : 1
  for (const channel of channels) {
    const connector = connectorOf(channel.connector)
    try {
      if (connector === undefined) throw new Error(`this version has no connector ${channel.connector}`)
      const { config } = openConfig(connector, sealer, channel, means.clock.now())
      if (!isSealedWith(sealer.keyId, connector, channel)) old += 1
      opened.push({ channel, connector, config })
    } catch (error) {
      yield { check, state: 'fail', says: `${channel.name} (${channel.id}): ${(error as Error).message}` }
    }
  }
  if (opened.length === channels.length) yield { check, state: 'ok', says: 'it opens all that is sealed' }
  if (old > 0) {
    const todo = 'Before the old key is taken away: omnibus rekey'
    yield { check, state: 'warn', says: `${old} things are sealed with the older key`, todo }
  }
  yield* findProviders(opened, means)
}

const CHECK_MS = 20_000
/** Tokens and signatures with times in them are refused from about here on. */
const AHEAD_WARN_MS = 30_000

async function* findProviders(
  opened: readonly { channel: StoredChannel; connector: AnyConnector; config: Record<string, unknown> }[],
  { patient, clock }: Means,
): AsyncGenerator<Finding> {
  const { http, close } = createHttp({ egressAllow: patient.config.egress.allow, clock })
  let ahead = 0
  const noting: Http = async request => {
    const answer = await http(request)
    const date = Date.parse(answer.headers['date'] ?? '')
    const differs = date - clock.now()
    if (!Number.isNaN(date) && Math.abs(differs) > Math.abs(ahead)) ahead = differs
    return answer
  }
  try {
    for (const { channel, connector, config } of opened) {
      const io = {
        http: noting,
        signal: AbortSignal.timeout(CHECK_MS),
        now: clock.now,
        random: systemRandom,
        memo: <T>(_key: string, _forMs: number, make: () => Promise<T>) => make(),
      }
      const health = await connector.check(config as never, io).catch((error: unknown): Health => {
        return { state: 'failing', why: error instanceof Error ? error.message : String(error) }
      })
      yield providerFinding(`${channel.name} (${channel.connector})`, health.state, health.why ?? null)
    }
  } finally {
    await close()
  }
  if (Math.abs(ahead) > AHEAD_WARN_MS) {
    const says = `a provider's clock differs from ours by ${Math.round(ahead / 1000)} s`
    yield { check: 'clock', state: 'warn', says, todo: 'Run NTP.' }
  }
}

async function* findByApi(client: NonNullable<Patient['client']>): AsyncGenerator<Finding> {
  for await (const { id, name, connector } of client.all<Channel>('/v1/channels')) {
    const { health } = await client.ask<Channel>('POST', `/v1/channels/${id}/check`)
    yield providerFinding(`${name} (${connector})`, health.state, health.why)
  }
}

function providerFinding(name: string, state: Health['state'], why: string | null): Finding {
  const check = 'provider'
  if (state === 'ok') return { check, state: 'ok', says: `${name}: it takes the credentials` }
  const says = `${name}: ${state === 'failing' ? 'refused' : 'not reached'}${why === null ? '' : `: ${why}`}`
  const todo =
    state === 'failing' ? 'Give the channel new credentials.' : 'Look at DNS, firewall and egress.allow.'
  return { check, state: 'fail', says, todo }
}
