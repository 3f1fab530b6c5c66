import { createMetaSim, type MetaSim, type MetaSimOptions } from '../meta/sim.ts'
import type { SimFacts } from '../meta/sim-check.ts'

const MB = 1024 * 1024

/** PROVIDERS C3 and C4, of Instagram Login. */
const FACTS: SimFacts = {
  object: 'instagram',
  textMax: 1000,
  lengthOf: text => Buffer.byteLength(text),
  badMessage: '100/2534015',
  closed: '10/2534022',
  nobody: '100/2534014',
  answered: '100/2534025',
  perSecond: 100,
  attachments: { image: 8 * MB, audio: 25 * MB, video: 25 * MB, file: 25 * MB },
}

/** Instagram's messaging, faked. */
export function createInstagramSim(options: MetaSimOptions): Promise<MetaSim> {
  return createMetaSim(FACTS, options)
}
