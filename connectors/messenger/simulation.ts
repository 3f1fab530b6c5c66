import { metaSimulation } from '../meta/sim-simulation.ts'
import { createMessengerSim } from './sim.ts'

export const simulation = metaSimulation(createMessengerSim, 'pageId', {
  id: '1906385232743451',
  name: 'Shop',
})
