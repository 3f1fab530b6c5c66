import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { UsageError } from './usage.ts'

/** What a file holds, or stdin for `-`. @throws UsageError */
export async function readInput(path: string): Promise<string> {
  if (path === '-') return await text(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`)
  }
}
