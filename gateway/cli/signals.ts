/** SIGTERM and SIGINT as promises: the first asks to stop, the second means at once. */
export function untilSignal(): { first: Promise<NodeJS.Signals>; second: Promise<NodeJS.Signals> } {
  const waiting: ((signal: NodeJS.Signals) => void)[] = []
  const next = (): Promise<NodeJS.Signals> => new Promise(resolve => waiting.push(resolve))
  const first = next()
  const second = next()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => waiting.shift()?.(signal))
  return { first, second }
}
