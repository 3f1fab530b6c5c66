import { parseArgs } from 'node:util'
import { crash } from './crash/crash.ts'
import { crashImport } from './crash/imports.ts'
import { randomPlan } from './crash/plan.ts'
import { freshDatabase } from './database.ts'
import { runPlan } from './nodes/nodes.ts'
import { PLAN_NAMES, type PlanName, planOf } from './nodes/plan.ts'

/**
 * `npm run faults -- crash 30 [seed] [--store postgres] [--together 3]`: the same fault at random moments, so many
 * times; `all` is one kind after the other. All but `crash` and `import` are of two nodes on PostgreSQL. Exit code 1 if
 * a promise was broken. The seed that is printed repeats what was random in the load and in the moments, not the
 * machine's own timing. `--together`: so many at once, where most of the time is spent waiting for leases to end.
 */
type Fault = (seed: number, store: Store) => Promise<{ told: string; faults: string[] }>
type Store = (typeof STORES)[number]

const STORES = ['sqlite', 'postgres'] as const
const FAULTS: Readonly<Record<string, Fault>> = {
  crash: crashes,
  import: importCrashes,
  ...Object.fromEntries(PLAN_NAMES.map(name => [name, nodesFault(name)])),
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { store: { type: 'string', default: 'sqlite' }, together: { type: 'string', default: '1' } },
})
const [what = '', count = '30', first] = positionals
const chosen = Object.entries(FAULTS).filter(([name]) => what === name || what === 'all')
const store = STORES.find(name => name === values.store)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const isNumber = (text: string): boolean => /^\d{1,10}$/.test(text)

if (chosen.length === 0 || store === undefined || ![count, first ?? '0', values.together].every(isNumber)) {
  const names = [...Object.keys(FAULTS), 'all'].join(' | ')
  say(`usage: npm run faults -- <${names}> [count] [seed] [--store ${STORES.join(' | ')}] [--together 1]`)
  process.exit(2)
}
const start = first === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(first)
let broken = 0
const rest = chosen.flatMap(([name, fault]) =>
  Array.from({ length: Number(count) }, (_, index) => ({ name, fault, seed: start + index })),
)
const runs = async (): Promise<void> => {
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    const { name, fault, seed } = next
    const { told, faults } = await fault(seed, store)
    broken += faults.length
    say(`${name}, seed ${seed}: ${told}, ${faults.length} faults`)
    for (const what of faults) say(`  ${what}`)
  }
}
await Promise.all(Array.from({ length: Number(values.together) }, runs))
say(broken === 0 ? 'no promise was broken' : `${broken} faults`)
process.exit(broken === 0 ? 0 : 1)

/** One daemon, killed at random moments and steps. */
async function crashes(seed: number, store: Store): ReturnType<Fault> {
  await using database = store === 'postgres' ? await freshDatabase() : undefined
  const { deaths, messages, uncertain, resent, faults } = await crash(randomPlan(seed), database?.url)
  return {
    told: `${deaths} deaths, ${messages} sends, ${uncertain} uncertain, ${resent} resent by policy`,
    faults,
  }
}

/** An import of contacts, over deaths at random moments. */
async function importCrashes(seed: number, store: Store): ReturnType<Fault> {
  await using database = store === 'postgres' ? await freshDatabase() : undefined
  const { deaths, faults, read } = await crashImport(seed, database?.url)
  return { told: `${deaths} deaths, ${read} rows read`, faults }
}

/** Two nodes on one database, and what happens to them or to it. */
function nodesFault(name: PlanName): Fault {
  return async seed => {
    const plan = planOf(name, seed)
    const { faults, messages, uncertain, resent, ...more } = await runPlan(plan)
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
    const figures = [
      plan.faults.map(({ kind }) => kind).join(' + '),
      `${more.takeovers} takeovers`,
      `${messages} sends`,
      `${uncertain} uncertain`,
      `${resent} resent by policy`,
      `${more.late} proven late`,
      `at most ${more.fullest} of ${more.perSecond} in a second`,
      `${seconds(more.silenceMs)} without an answer`,
      `${seconds(more.unsentMs)} without a send`,
    ]
    return { told: figures.join(', '), faults }
  }
}
