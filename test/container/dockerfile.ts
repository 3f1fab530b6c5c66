/** An instruction of a Dockerfile: its name, its flags (`--from=build`) and the rest of its line. */
export type Instruction = { name: string; flags: Record<string, string>; text: string }

export type Stage = { image: string; name: string | null; instructions: Instruction[] }

const KNOWN = new Set([
  'COPY',
  'RUN',
  'WORKDIR',
  'ENV',
  'USER',
  'VOLUME',
  'EXPOSE',
  'STOPSIGNAL',
  'HEALTHCHECK',
  'ENTRYPOINT',
  'CMD',
])

/** Reads the part of the language that our file uses. @throws Error for any other */
export function readDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name = '', rest = ''] = /^([A-Z]+) +(.+)$/.exec(line) ?? []
    if (line.endsWith('\\')) throw new Error(`one line an instruction: ${line}`)
    if (name === 'FROM') {
      const [image = '', , stage] = rest.split(' ')
      stages.push({ image, name: stage ?? null, instructions: [] })
    } else if (!KNOWN.has(name)) throw new Error(`the reader does not know: ${line}`)
    else stages.at(-1)?.instructions.push(instructionOf(name, rest))
  }
  return stages
}

function instructionOf(name: string, rest: string): Instruction {
  const flags: Record<string, string> = {}
  let text = rest
  for (let found = FLAG.exec(text); found !== null; found = FLAG.exec(text)) {
    flags[found[1] ?? ''] = found[2] ?? ''
    text = text.slice(found[0].length)
  }
  return { name, flags, text }
}
const FLAG = /^--([a-z-]+)=(\S+) +/

/** What the last instruction of this name says, as the list of words that are run. */
export function wordsOf(stage: Stage, name: string): string[] {
  const text = stage.instructions.findLast(instruction => instruction.name === name)?.text ?? ''
  return JSON.parse(text.replace(/^CMD /, '')) as string[]
}

export function variablesOf(stage: Stage): Record<string, string> {
  const pairs = stage.instructions
    .filter(({ name }) => name === 'ENV')
    .flatMap(({ text }) => text.split(' ').map(pair => pair.split('=')))
  return Object.fromEntries(pairs)
}

/** Whether `.dockerignore` keeps a path out of what is sent to the engine (`**` and plain paths, no exceptions). */
export function isIgnored(patterns: readonly string[], path: string): boolean {
  return patterns.some(pattern => {
    const source = pattern
      .split('**/')
      .map(part => part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*'))
      .join('(.*/)?')
    return new RegExp(`^${source}(/|$)`).test(path)
  })
}

export function readIgnored(text: string): string[] {
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
}
