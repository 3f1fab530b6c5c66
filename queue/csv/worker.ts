import type { MessagePort } from 'node:worker_threads'
import { contactReader } from '../imports/rows.ts'
import { type CsvRecord, type Format, readRecords } from './records.ts'

/** What is made of the records in the thread that reads them; a new use of files is a line here. */
const READERS = { contacts: contactReader } as const
type Readers = typeof READERS
export type Use = keyof Readers
/** What a reader is made with. */
export type UseOf<U extends Use> = Parameters<Readers[U]>
/** What it makes of some records. */
export type Made<U extends Use> = ReturnType<ReturnType<Readers[U]>>

export type Job<U extends Use = Use> = {
  format: Format
  use: U
  with: UseOf<U>
  /** Records at the beginning of which nothing is told but that they were read. */
  skip: number
  port: MessagePort
}

/** Records `from` to `to` of the file, and what was made of them; null: skipped. `bytes` were read for them. */
export type CsvBatch<U extends Use = Use> = {
  from: number
  to: number
  bytes: number
  made: Made<U> | null
}

/** To the thread: bytes of the file, null at its end; or that a batch was taken. */
export type ToWorker = Uint8Array | null | 'taken'
/** From the thread: a batch, or that it wants more bytes. */
export type FromWorker = CsvBatch | 'bytes'

/** Batches that may lie ready: the next one, while one is taken. */
const AHEAD = 2

/** Reads one file from its first byte to its last, as fast as batches are taken. */
export default async function read({ format, use, with: arguments_, skip, port }: Job): Promise<void> {
  const line = openLine(port)
  const make = READERS[use](...arguments_)
  let at = 0
  for await (const records of readRecords(line.bytes(), format)) {
    for (const part of parted(records, skip - at)) {
      const from = at
      at += part.length
      // What is skipped is read as well: a later row may be about the same person.
      const made = make(part)
      const batch = { from, to: at, bytes: line.spend(), made: at <= skip ? null : made }
      if (!(await line.give(batch))) return
    }
  }
  port.close()
}

/** What was told before a crash may end in the middle of what is a batch today. */
function parted(records: CsvRecord[], at: number): CsvRecord[][] {
  return at > 0 && at < records.length ? [records.slice(0, at), records.slice(at)] : [records]
}

/** The worker's end of the line. It goes down with whoever is at the other one. */
function openLine(port: MessagePort) {
  const chunks: (Uint8Array | null)[] = []
  let unread = 0
  let given = 0
  let isClosed = false
  let wake = (): void => {}
  const changed = (): Promise<void> => new Promise(resolve => (wake = resolve))
  port.on('message', (message: ToWorker) => {
    if (message === 'taken') given -= 1
    else chunks.push(message)
    wake()
  })
  port.on('close', () => {
    isClosed = true
    wake()
  })
  return {
    bytes: async function* (): AsyncGenerator<Uint8Array> {
      port.postMessage('bytes')
      while (!isClosed) {
        const chunk = chunks.shift()
        if (chunk === null) return
        if (chunk === undefined) await changed()
        else {
          // The next one is on its way while this one is read.
          port.postMessage('bytes')
          unread += chunk.length
          yield chunk
        }
      }
    },
    /** Bytes that were read since the last time. */
    spend: (): number => {
      const bytes = unread
      unread = 0
      return bytes
    },
    /** False if nobody is there any more. */
    give: async (batch: CsvBatch): Promise<boolean> => {
      port.postMessage(batch)
      given += 1
      while (given >= AHEAD && !isClosed) await changed()
      return !isClosed
    },
  }
}
