import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROLES, type Role } from '../../model/token.ts'
import { type Answer, type Running, run } from './daemon.ts'
import {
  filled,
  idsIn,
  type Operation,
  operationsOf,
  pathTo,
  type Things,
  thingWith,
} from './walk/operations.ts'
import { makeThings, makeTokens } from './walk/things.ts'

/**
 * The walk: every route under `/v1` that `/openapi.json` tells of is called by everybody, in a daemon with two
 * workspaces. A new route is walked without a line here; where it is about a new kind of thing, or names ids that no
 * example of its body has, the walk fails and says what it wants.
 */
let daemon: Running
let operations: Operation[]
let ours: Things
let theirs: Things
let tokens: Record<Role, string>

beforeAll(async () => {
  daemon = await run()
  const second = await daemon.call('POST', '/v1/workspaces', { body: { name: 'Second' } })
  const { id } = second.body as { id: string }
  ours = await makeThings(daemon, daemon.workspace, '7001')
  theirs = await makeThings(daemon, id, '7002')
  tokens = await makeTokens(daemon, daemon.workspace)
  operations = await operationsOf(daemon)
})
afterAll(() => daemon.close())

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`
const inPath = ({ path }: Operation): boolean => path.includes('{')

function call(operation: Operation, token: string | null, more: Partial<Call> = {}): Promise<Answer> {
  const { method, path } = operation
  const { things = ours, query = '', example = operation.examples[0], foreign } = more
  const body = example === undefined ? {} : { body: filled(example, ours, foreign) }
  return daemon.call(method, pathTo(path, things) + query, { token, ...body })
}
type Call = { things: Things; query: string; example: object | undefined; foreign: string }

/** Runs `each` for every route, and tells all that were wrong at once. */
async function wrong(
  of: (operation: Operation) => boolean,
  each: (operation: Operation) => Promise<string[]>,
): Promise<string[]> {
  const found: string[] = []
  for (const operation of operations.filter(of)) {
    for (const why of await each(operation)) found.push(`${nameOf(operation)}: ${why}`)
  }
  return found
}

describe('the walk', () => {
  test('it knows every route, and every route says who may call it', () => {
    expect(operations.length).toBeGreaterThan(25)
    expect(operations.filter(({ roles }) => roles.length === 0).map(nameOf)).toEqual([])
    for (const operation of operations) expect(operation.roles, nameOf(operation)).toContain('operator')
    const untold = operations.flatMap(operation => {
      const told = operation.examples.flatMap(idsIn)
      return operation.bodyIds.filter(id => !told.includes(id)).map(id => `${nameOf(operation)}: ${id}`)
    })
    expect(untold, 'ids of a body that none of its examples names').toEqual([])
  })

  test('without a token, or with a wrong one, it is 401', async () => {
    const found = await wrong(
      () => true,
      async operation => {
        const { status, headers } = await call(operation, null)
        return status === 401 && headers.get('www-authenticate') === 'Bearer' ? [] : [`answers ${status}`]
      },
    )
    expect(found).toEqual([])
    const [first] = operations
    expect(first && (await call(first, 'omnibus_wrong')).status).toBe(401)
  })

  test('a lesser role is 403, whatever it asks for', async () => {
    const found = await wrong(
      () => true,
      async operation => {
        const lesser = ROLES.filter(role => !operation.roles.includes(role))
        const answers = lesser.map(
          async role => [role, (await call(operation, tokens[role])).status] as const,
        )
        const statuses = await Promise.all(answers)
        return statuses
          .filter(([, status]) => status !== 403)
          .map(([role, status]) => `${role} gets ${status}`)
      },
    )
    expect(found).toEqual([])
  })

  test("invariant 7: another workspace's id in a path is 404, for every role", async () => {
    const found = await wrong(inPath, async operation => {
      // An operator sees every workspace: naming one is the purpose.
      const isAll = (role: string): boolean => role === 'operator' && operation.path.includes('/workspaces/')
      const roles = operation.roles.filter(role => !isAll(role))
      const answers = roles.map(async role => {
        const { status, text } = await call(operation, tokens[role as Role], { things: theirs })
        return status === 404 && !leaks(text) ? [] : [`${role} gets ${status}`]
      })
      return (await Promise.all(answers)).flat()
    })
    expect(found).toEqual([])
  })

  test('naming another workspace is 404, and for an operator the own ids are then', async () => {
    const query = `?workspace=${theirs['workspaces']}`
    const found = await wrong(
      ({ query }) => 'workspace' in query,
      async operation => {
        const roles = operation.roles.filter(role => role !== 'operator')
        const answers = roles.map(async role => {
          const { status } = await call(operation, tokens[role as Role], { query })
          return status === 404 ? [] : [`${role} gets ${status}`]
        })
        if (inPath(operation)) {
          const { status } = await call(operation, tokens.operator, { query })
          if (status !== 404) answers.push(Promise.resolve([`operator gets ${status}`]))
        }
        return (await Promise.all(answers)).flat()
      },
    )
    expect(found).toEqual([])
  })

  test("another workspace's id in a query shows nothing", async () => {
    const found = await wrong(
      () => true,
      async operation => {
        const named = Object.entries(operation.query).filter(([, prefix]) => prefix !== '')
        const answers = named.map(async ([name, prefix]) => {
          const query = `?${name}=${thingWith(prefix, theirs)}`
          const { status, body, text } = await call(operation, tokens.owner, { query })
          const isEmpty = status === 200 && (body as { data: unknown[] }).data.length === 0
          return (status === 404 || isEmpty) && !leaks(text) ? [] : [`${name} gets ${status}`]
        })
        return (await Promise.all(answers)).flat()
      },
    )
    expect(found).toEqual([])
  })

  test("another workspace's id in a body is as good as one that is nowhere", async () => {
    const found = await wrong(
      ({ bodyIds }) => bodyIds.length > 0,
      async operation => {
        const cases = operation.examples.flatMap(example => idsIn(example).map(id => [example, id] as const))
        const answers = cases.map(async ([example, prefix]) => {
          const foreign = thingWith(prefix, theirs)
          const nowhere = `${prefix}_01jabcdefghjkmnpqrstvwxyz0`
          const one = await call(operation, tokens.owner, { example, foreign })
          const other = await call(operation, tokens.owner, { example, foreign: nowhere })
          const isSame = one.text.replaceAll(foreign, nowhere) === other.text
          return isSame && [404, 422].includes(one.status)
            ? []
            : [`${prefix} gets ${one.status}: ${one.text}`]
        })
        return (await Promise.all(answers)).flat()
      },
    )
    expect(found).toEqual([])
  })

  test('whom x-roles names is let in, and every example of a body is taken', async () => {
    const found = await wrong(
      () => true,
      async operation => {
        const why: string[] = []
        const examples = operation.examples.length === 0 ? [undefined] : operation.examples
        for (const example of examples) {
          const { status, text } = await call(operation, tokens.operator, { example })
          if (isTaken(operation, status)) continue
          why.push(`operator gets ${status}: ${text}`)
        }
        for (const role of operation.roles) {
          const { status } = await call(operation, tokens[role as Role])
          if ([401, 403].includes(status) || status >= 500) why.push(`${role} gets ${status}`)
        }
        return why
      },
    )
    expect(found).toEqual([])
  })
})

/** What is read is there; what is done works, or the state does not allow it. A form is no example of JSON. */
function isTaken({ method, examples }: Operation, status: number): boolean {
  if (status < 400) return true
  if (method === 'GET') return false
  return examples.length === 0 ? [409, 415, 422].includes(status) : [409, 422].includes(status)
}

/** Whether an answer tells anything of the other workspace but what was asked. */
function leaks(text: string): boolean {
  return text.includes('7002') || text.includes(theirs['workspaces'] ?? '-')
}
