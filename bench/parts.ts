import { type ChildProcess, fork } from 'node:child_process'

/**
 * A process of its own that does one thing for a benchmark and answers questions about it. Load, provider and reader
 * must not share an event loop with each other, or the benchmark would measure its own queue.
 */
export type Part<Questions extends AnyQuestions> = {
  pid: number
  ask<Q extends keyof Questions & string>(
    question: Q,
    input: Questions[Q]['input'],
  ): Promise<Questions[Q]['answer']>
  stop(): Promise<void>
}

export type AnyQuestions = Record<string, { input: unknown; answer: unknown }>

type Ask = { id: number; question: string; input: unknown }
type Answer = { id: number; value?: unknown; error?: string }

const children = new Set<ChildProcess>()

/** Nothing outlives the benchmark, however it ends. */
export function killAllOnExit(): void {
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
}

/** Takes care that a child is killed with us. */
export function owned(child: ChildProcess): ChildProcess {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Starts `file` as a part. A question to a part that has died is refused, and so are those it left open. */
export function startPart<Questions extends AnyQuestions>(file: URL): Part<Questions> {
  const child = owned(fork(file, { serialization: 'advanced' }))
  const open = new Map<number, PromiseWithResolvers<unknown>>()
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  let next = 0
  child.on('message', (answer: Answer) => {
    const waiting = open.get(answer.id)
    open.delete(answer.id)
    if (answer.error === undefined) waiting?.resolve(answer.value)
    else waiting?.reject(new Error(answer.error))
  })
  void gone.then(() => {
    for (const waiting of open.values()) waiting.reject(new Error(`${file.pathname} has died`))
  })
  return {
    pid: child.pid ?? 0,
    ask: <Q extends keyof Questions & string>(question: Q, input: Questions[Q]['input']) => {
      const waiting = Promise.withResolvers<unknown>()
      const ask: Ask = { id: next++, question, input }
      open.set(ask.id, waiting)
      child.send(ask)
      return waiting.promise as Promise<Questions[Q]['answer']>
    },
    stop: async () => {
      child.disconnect()
      await gone
    },
  }
}

/** The other side: answers the questions of the process that started this one, and ends with it. */
export function answerQuestions<Questions extends AnyQuestions>(
  answers: {
    [Q in keyof Questions]: (
      input: Questions[Q]['input'],
    ) => Questions[Q]['answer'] | Promise<Questions[Q]['answer']>
  },
): void {
  process.on('message', async ({ id, question, input }: Ask) => {
    const answer = (value: Answer): boolean => process.send?.(value) ?? false
    try {
      answer({ id, value: await answers[question]?.(input) })
    } catch (error) {
      answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
  // A signal to the whole group is for the parent to act on.
  process.on('SIGINT', () => {})
}
