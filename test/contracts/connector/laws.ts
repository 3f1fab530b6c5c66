import { expect, test } from 'vitest'
import type { Subject } from '../connector.ts'

/** Registers a law by its name, unless the subject is exempt. */
export type Laws = {
  law(name: string, holds: () => Promise<void> | void): void
  /** The last one: an exemption from a law that is not there was misspelt, or is old. */
  end(): void
}

export function createLaws({ exempt = {} }: Pick<Subject, 'exempt'>): Laws {
  const names: string[] = []
  return {
    law: (name, holds) => {
      names.push(name)
      const why = exempt[name]
      // It is told in the name, so that it stands in every report of a run.
      test(why === undefined ? name : `${name}: does not apply, because ${why}`, async () => {
        if (why === undefined) await holds()
        else expect(why).toMatch(/\w+ \w+/)
      })
    },
    end: () => {
      test('every exemption is from a law', () => {
        expect(Object.keys(exempt).filter(name => !names.includes(name))).toEqual([])
      })
    },
  }
}
