import type { Sim } from './sim.ts'

/**
 * A simulated provider as `omnibus simulate` and the demo run it. A connector names its own (`simulation` in the
 * contract); nothing else has to know that it is there.
 */
export type Simulation = {
  start(options: { port: number; webhookUrl?: string; seed?: number }): Promise<Simulator>
  /** The config of a channel that talks to it. */
  config(url: string): Record<string, unknown>
  /** Lines for whoever tries it by hand. */
  hints(url: string): string
}

export type Simulator = Pick<Sim, 'url' | 'stop' | 'subscribe' | 'behave' | 'stats' | 'drained'> & {
  /** A person writes to the business. */
  write(person: Person, text: string): void
  /** What else people do there, by name: `image`, `location`, `button`. */
  kinds: readonly string[]
  /** A person does one of these. */
  play(person: Person, kind: string): void
}

/** `phone` with its `+`. A provider that knows no phones makes an id of its digits. */
export type Person = { name: string; phone: string }
