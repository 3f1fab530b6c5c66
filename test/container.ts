import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../bench/daemon.ts'
import {
  isIgnored,
  readDockerfile,
  readIgnored,
  type Stage,
  variablesOf,
  wordsOf,
} from './container/dockerfile.ts'

/**
 * `npm run container`: performs the steps of the Dockerfile in empty folders, one a stage, with this machine's shell,
 * npm and Node.js, and starts what it would start. Proven: the files that are copied are enough, the steps work one
 * after the other without what a developer has, only what production needs is left, and the daemon runs from a folder
 * it cannot write. Not proven, for want of an engine: the base image, its user, volumes.
 */
const project = fileURLToPath(new URL('..', import.meta.url))
const READY_MS = 20_000
const root = mkdtempSync(join(tmpdir(), 'omnibus-container-'))
const stages = readDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8'))
const ignored = readIgnored(readFileSync(join(project, '.dockerignore'), 'utf8'))
// The project's own Node.js stands for that of the image; nothing else of its folders is on the path.
const path = `${join(root, 'bin')}:${process.env['PATH']
  ?.split(':')
  .filter(folder => !folder.includes('node_modules'))
  .join(':')}`

try {
  mkdirSync(join(root, 'bin'))
  cpSync(process.execPath, join(root, 'bin', 'node'))
  stages.forEach(perform)
  await start(stages.at(-1) as Stage)
  process.stdout.write('The steps of the Dockerfile work, and what it starts is ready.\n')
} finally {
  run('chmod', ['-R', 'u+w', root], root)
  rmSync(root, { recursive: true, force: true })
}

/** The folder that stands for the root of a stage's file system. */
function rootOf(stage: Stage): string {
  return join(root, stage.name ?? 'last')
}

function perform(stage: Stage): void {
  const here = rootOf(stage)
  mkdirSync(here)
  let folder = '/'
  for (const { name, text, flags } of stage.instructions) {
    const at = join(here, folder)
    if (name === 'WORKDIR') folder = text
    if (name === 'COPY') copy(text.split(' '), flags['from'], at, here)
    if (name !== 'RUN') continue
    process.stdout.write(`RUN ${text}\n`)
    mkdirSync(at, { recursive: true })
    run('sh', ['-c', text], at)
  }
}

function copy(words: string[], from: string | undefined, at: string, here: string): void {
  const target = words.at(-1) ?? ''
  const to = target.startsWith('/') ? join(here, target) : join(at, target)
  const stage = stages.find(({ name }) => name === from)
  for (const source of words.slice(0, -1)) {
    const path = join(stage === undefined ? project : rootOf(stage), source)
    const into = statSync(path).isDirectory() ? to : join(to, source)
    const isSent = (file: string): boolean =>
      stage !== undefined || !isIgnored(ignored, relative(project, file))
    cpSync(path, into, { recursive: true, verbatimSymlinks: true, filter: isSent })
  }
}

function run(command: string, args: string[], cwd: string): void {
  const env = { ...machine(), PATH: path }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
}

/** How this machine reaches the packages stays; what npm told this program about our own folder does not. */
function machine(): NodeJS.ProcessEnv {
  const ours =
    /^(npm_(?!config_)|npm_config_(local_)?prefix$|INIT_CWD$|OMNIBUS_|NODE_ENV$|NODE_COMPILE_CACHE$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

/** As the container would: the folder of the program is not written, `/data` is, and nothing else is configured. */
async function start(stage: Stage): Promise<void> {
  const app = join(rootOf(stage), 'app')
  const sent = readdirSync(app)
  const needless = ['test', 'bench', 'docs', 'node_modules/typescript', 'node_modules/vitest'].filter(one =>
    one.includes('/') ? readdirSync(join(app, 'node_modules')).includes(one.slice(13)) : sent.includes(one),
  )
  if (needless.length > 0) throw new Error(`the image would hold ${needless.join(', ')}`)
  const before = listed(app)
  run('chmod', ['-R', 'a-w', app], root)
  chmodSync(app, 0o555)
  const port = String(await freePort())
  const env = {
    ...variablesOf(stage),
    PATH: path,
    OMNIBUS_DATA_DIR: join(rootOf(stage), 'data'),
    OMNIBUS_HOST: '127.0.0.1',
    OMNIBUS_PORT: port,
  }
  const [command = '', ...args] = [...wordsOf(stage, 'ENTRYPOINT'), ...wordsOf(stage, 'CMD')]
  const user = asUser(stage, [join(rootOf(stage), 'data')])
  const child = spawn(command, args, { cwd: app, env, ...user, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(String(chunk)))
  try {
    await ready(`http://127.0.0.1:${port}/readyz`, child, said)
    const [probe = '', ...words] = wordsOf(stage, 'HEALTHCHECK')
    const { status } = spawnSync(probe, words, { cwd: app, env })
    if (status !== 0) throw new Error('the health check says no')
  } finally {
    child.kill('SIGTERM')
  }
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`it stopped with ${code}: ${said.join('')}`)
  if (listed(app) !== before) throw new Error('it wrote into the folder of the program')
}

/** Root may write what nobody may: it becomes the user of the image, who owns `owned`. Others stay who they are. */
function asUser(stage: Stage, owned: string[]): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const text = stage.instructions.find(({ name }) => name === 'USER')?.text ?? ''
  const [uid = 0, gid = 0] = text.split(':').map(Number)
  for (const folder of owned) chownSync(folder, uid, gid)
  chmodSync(root, 0o755)
  return { uid, gid }
}

function listed(folder: string): string {
  return readdirSync(folder, { recursive: true }).sort().join('\n')
}

async function ready(url: string, child: ChildProcess, said: string[]): Promise<void> {
  const end = Date.now() + READY_MS
  while (Date.now() < end && child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok === true) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`it is not ready: ${said.join('')}`)
}
