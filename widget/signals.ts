import { warn } from './browser.ts'

/** What a website can listen to: `omnibus('on', 'unread', count => …)`. */
export type Signals = {
  ready: undefined
  open: undefined
  close: undefined
  /** How many messages were not read. */
  unread: number
  /** A message to the visitor arrived. */
  message: { id: string; from: 'agent' | 'bot'; text: string | null }
}

type Listener = (value: never) => void

export function createSignals() {
  const listeners = new Map<string, Set<Listener>>()
  return {
    on(name: string, listener: Listener): void {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener))
    },
    off(name: string, listener: Listener): void {
      listeners.get(name)?.delete(listener)
    },
    /** What breaks in a website's own function is told to its developer, and breaks nothing here. */
    tell<Name extends keyof Signals>(name: Name, value: Signals[Name]): void {
      for (const listener of listeners.get(name) ?? []) {
        try {
          listener(value as never)
        } catch (error) {
          warn(`a listener of "${name}" failed`, error)
        }
      }
    },
  }
}
