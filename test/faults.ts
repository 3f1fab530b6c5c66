import { type CrashResult, crash } from './crash/crash.ts'
import { randomPlan } from './crash/plan.ts'

/**
 * `npm run faults -- crash 30 [seed]`: crashes at random moments, so many times. Exit code 1 if a promise was broken.
 * The seed that is printed repeats what was random in the load and in the moments, not the machine's own timing.
 */
const [what, count = '30', first] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

if (what !== 'crash' || !/^\d+$/.test(count)) {
  say('usage: npm run faults -- crash [count] [seed]')
  process.exit(2)
}
const start = first === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(first)
let broken = 0
for (let run = 0; run < Number(count); run++) {
  const plan = randomPlan(start + run)
  const result = await crash(plan)
  broken += result.faults.length
  say(`seed ${plan.seed}: ${told(result)}`)
  for (const fault of result.faults) say(`  ${fault}`)
}
say(broken === 0 ? 'no promise was broken' : `${broken} faults`)
process.exit(broken === 0 ? 0 : 1)

function told({ deaths, messages, uncertain, resent, faults }: CrashResult): string {
  const flights = `${uncertain} uncertain, ${resent} resent by policy`
  return `${deaths} deaths, ${messages} sends, ${flights}, ${faults.length} faults`
}
