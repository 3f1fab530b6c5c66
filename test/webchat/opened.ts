import { afterAll, beforeAll } from 'vitest'
import { openBehindProxy, type Website } from './site.ts'

type Opened = Awaited<ReturnType<typeof openBehindProxy>>

/**
 * To be called while the tests of a file are registered: a website that is there for all of them. Each visitor comes
 * `from` an address of its own, so that none uses up another's allowance.
 */
export function openedWebsite(): { readonly site: Website; from: Opened['from'] } {
  let opened: Opened
  beforeAll(async () => {
    opened = await openBehindProxy()
  })
  afterAll(() => opened[Symbol.asyncDispose]())
  return {
    get site() {
      return opened.site
    },
    from: () => opened.from(),
  }
}
