import { makeCurrent, type Schema, schemaOf } from '../../store/schema.ts'
import { SchemaTooNew } from '../../store/store.ts'
import { nameOf } from '../../store/transfer/open.ts'
import { loadConfig } from '../config.ts'
import { placeOf } from './transfer.ts'
import type { Call, ExitCode } from './usage.ts'

/** `omnibus migrate`: what the start of a daemon does first, by itself. */
export async function migrate({ configured, own, json }: Call): Promise<ExitCode> {
  const place = placeOf(loadConfig({ flags: configured }).config)
  const isDry = '--dry-run' in own
  const { found, known } = isDry ? await lookedAt(await schemaOf(place)) : await makeCurrent(place)
  const store = await nameOf(place)
  if (json) console.log(JSON.stringify({ store, from: found, to: known, done: !isDry }))
  else if (found === known) console.log(`${store} is current (schema ${known}).`)
  else {
    const steps =
      found === 0 ? `would be made (schema ${known})` : `would go from schema ${found} to ${known}`
    console.log(`${store} ${isDry ? steps : steps.replace('would be', 'was').replace('would go', 'went')}.`)
  }
  return 0
}

/** The same refusal as when it is done. */
function lookedAt(schema: Schema): Schema {
  const { found, known } = schema
  if (found <= known) return schema
  throw new SchemaTooNew(
    `the database was written by a newer Omnibus (schema ${found}, this one knows ${known})`,
  )
}
