import type { AnyConnector } from '../../connectors/connector.ts'
import type { Simulation, Simulator } from '../../connectors/kit/sim/simulation.ts'
import { allConnectors } from '../../connectors/registry.ts'
import type { Declared } from '../declared.ts'
import { UsageError } from './usage.ts'

export type Simulated = Pick<AnyConnector, 'connector' | 'title'> & { simulation: Simulation }

/** Every connector whose provider can be simulated, in the order of the registry. */
export async function simulated(): Promise<Simulated[]> {
  const found = allConnectors().map(async ({ connector, title, simulation }) => {
    return simulation === undefined ? [] : [{ connector, title, simulation: await simulation() }]
  })
  return (await Promise.all(found)).flat()
}

/** A channel that talks to the simulator at this address. */
export function channelOf({ connector, title, simulation }: Simulated, url: string): Declared {
  return { connector, name: `Simulated ${title}`, config: simulation.config(url), workspace: null }
}

/** @throws UsageError for a behaviour that this one does not have */
export function misbehave(simulator: Simulator, title: string, faults: Record<string, unknown>): void {
  try {
    simulator.behave(faults)
  } catch (error) {
    throw new UsageError(`--faults: the simulated ${title} says ${(error as Error).message}`)
  }
}
