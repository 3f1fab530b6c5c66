import { metaSimulation } from '../meta/sim-simulation.ts'
import { createInstagramSim } from './sim.ts'

export const simulation = metaSimulation(createInstagramSim, 'accountId', {
  id: '17841400008460056',
  name: 'shop',
})
