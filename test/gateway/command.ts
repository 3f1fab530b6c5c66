import { vi } from 'vitest'
import { runCommand } from '../../gateway/cli/command.ts'

export type Ended = { code: number; stdout: string; stderr: string }

/** A command line on this process, since a dozen of them would take a dozen starts of Node.js. */
export async function command(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const [out, err]: [string[], string[]] = [[], []]
  const stdout = vi.spyOn(console, 'log').mockImplementation(line => void out.push(String(line)))
  const stderr = vi.spyOn(console, 'error').mockImplementation(line => void err.push(String(line)))
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    const code = await runCommand(args)
    return { code, stdout: out.join('\n'), stderr: err.join('\n') }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
    vi.unstubAllEnvs()
  }
}
