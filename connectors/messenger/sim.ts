import { createMetaSim, type MetaSim, type MetaSimOptions } from '../meta/sim.ts'
import type { SimFacts } from '../meta/sim-check.ts'

const MB = 1024 * 1024

/** PROVIDERS B3 to B6. */
const FACTS: SimFacts = {
  object: 'page',
  textMax: 2000,
  lengthOf: text => [...text].length,
  badMessage: '100',
  closed: '10/2018278',
  nobody: '100/2018001',
  answered: '10900',
  perSecond: 300,
  attachments: { image: 25 * MB, audio: 25 * MB, video: 25 * MB, file: 25 * MB },
}

/** The Messenger Platform, faked. */
export function createMessengerSim(options: MetaSimOptions): Promise<MetaSim> {
  return createMetaSim(FACTS, options)
}
