import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connectorOf } from '../../connectors/registry.ts'
import { systemClock } from '../../model/clock.ts'
import { isShared, openStore } from '../../store/open.ts'
import { createSealer } from '../../store/seal.ts'
import { loadConfig } from '../config.ts'
import { rekeyStore } from '../rekey.ts'
import { type Call, type ExitCode, Refused, UsageError } from './usage.ts'

/** `omnibus rekey`, with `secretKey: new,old`. Done twice, the second time has nothing to do. */
export async function rekey({ configured, json }: Call): Promise<ExitCode> {
  const { config } = loadConfig({ flags: configured })
  const { store: url, dataDir, filesDir, secretKey } = config
  if (secretKey === null) throw new UsageError('rekey needs secretKey to be "new,old" (OMNIBUS_SECRET_KEY)')
  // Opening it would make one.
  if (!isShared(url) && !existsSync(join(dataDir, 'omnibus.db'))) {
    throw new Refused(`${dataDir} holds no data of Omnibus`)
  }
  const sealer = createSealer(secretKey)
  const listener = { events: () => {}, work: () => {} }
  const store = await openStore({ url, dataDir, filesDir, listener, clock: systemClock, sealer })
  try {
    const done = await rekeyStore({ store, sealer, connectorOf, clock: systemClock })
    const { resealed, current, checkMoved } = done
    if (json) console.log(JSON.stringify(done, null, 2))
    else {
      console.log(`Sealed anew: ${resealed} channels; ${current} were sealed with the first key already.`)
      console.log(`The value that proves the key ${checkMoved ? 'was sealed anew' : "is the first one's"}.`)
      console.log('The old key is not needed any more, but by backups that were made before now.')
      const file = join(dataDir, 'secret.key')
      if (!isShared(url) && existsSync(file))
        console.log(`${file} is not the key any more: keep the new one configured.`)
    }
    return 0
  } finally {
    await store.close()
  }
}
