import { startDaemon } from './daemon.ts'
import { type Report, row } from './report.ts'

const IDLE_MS = 10_000
const SETTLE_MS = 3_000

/** What a daemon costs that has nothing to do, and how long it takes to be there. */
export async function idle(): Promise<Report> {
  const daemon = await startDaemon()
  const { startMs } = daemon
  // Idle begins when the start is over, with what it does behind the answer.
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  const [cpuBefore, from] = [daemon.cpuMs(), performance.now()]
  await new Promise(resolve => setTimeout(resolve, IDLE_MS))
  const cpuPercent = ((daemon.cpuMs() - cpuBefore) / (performance.now() - from)) * 100
  const memoryMb = daemon.memory() / 1e6
  await daemon.stop()
  return {
    bench: 'idle',
    rows: [
      row('start until listening', 'ms', startMs, { bar: '< 2000 ms', pass: startMs < 2000 }),
      row('memory', 'MB', memoryMb, { memoryMb, bar: '< 120 MB', pass: memoryMb < 120 }),
      row('CPU', '%', cpuPercent, { bar: '< 1 %', pass: cpuPercent < 1 }),
    ],
    checks: [],
    rounds: [],
  }
}
