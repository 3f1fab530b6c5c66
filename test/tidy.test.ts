import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { EXCEPTIONS } from './tidy/exceptions.ts'
import { deadFiles, missingDoors, unusedExports, wrongImports } from './tidy/rooms.ts'
import { tooLarge, tooWide } from './tidy/sizes.ts'
import { openReader, projectFiles, type Source } from './tidy/source.ts'
import {
  bannedSyntax,
  bannedWords,
  missingNewlines,
  places,
  sideDoors,
  strayStatements,
} from './tidy/words.ts'

/** STYLE's checked points. Each test holds the project to a rule, and shows by a bad example that it can fail. */
const reader = openReader()
afterAll(() => reader.close())
const project = reader.read(projectFiles(fileURLToPath(new URL('..', import.meta.url))))
/** The rules name what they ban, and the examples are bad on purpose. */
const judged = project.filter(({ path }) => !path.startsWith('test/tidy'))

const bad = (files: Record<string, string>): Source[] => reader.read(files)

describe('rooms (STYLE 2, 3; DESIGN §2)', () => {
  test('imports go one way', () => {
    expect(wrongImports(project)).toEqual([])
    const imports = (from: string, to: string): string[] =>
      wrongImports(
        bad({ [from]: `import { x } from '${relative(from, to)}'\nx()\n`, [to]: 'export const x = 1\n' }),
      )
    expect(imports('model/a.ts', 'store/store.ts')).toEqual([
      'model/a.ts:1 imports store/store.ts: model/ imports nothing of ours: pass it in or move it down',
    ])
    expect(imports('router/a.ts', 'queue/b.ts')[0]).toContain('meet in the log')
    expect(imports('queue/a.ts', 'router/b.ts')[0]).toContain('meet in the log')
    expect(imports('queue/a.ts', 'store/sqlite/b.ts')[0]).toContain('store/store.ts')
    expect(imports('connectors/sms/a.ts', 'connectors/whatsapp/b.ts')[0]).toContain('connectors/kit/')
    expect(imports('connectors/kit/a.ts', 'connectors/whatsapp/b.ts')[0]).toContain('connectors/kit/')
    expect(imports('queue/a.ts', 'connectors/whatsapp/b.ts')[0]).toContain('registry')
    expect(imports('connectors/a.ts', 'store/b.ts')).toHaveLength(1)
    expect(imports('store/a.ts', 'connectors/b.ts')).toHaveLength(1)
    expect(imports('gateway/a.ts', 'test/b.ts')).toHaveLength(1)
    expect(imports('widget/a.ts', 'model/b.ts')[0]).toContain('connectors/webchat/frames.ts')
    expect(imports('widget/view/a.ts', 'connectors/webchat/b.ts')[0]).toContain('it runs in browsers')
    expect(imports('widget/a.ts', 'connectors/webchat/frames.ts')).toEqual([])
    expect(imports('connectors/messenger/a.ts', 'connectors/meta/b.ts')).toEqual([])
    expect(imports('connectors/registry.ts', 'connectors/whatsapp/b.ts')).toEqual([])
    expect(imports('gateway/a.ts', 'store/sqlite/b.ts')).toEqual([])
  })

  test('the file named like its folder is its front door', () => {
    expect(missingDoors(project, EXCEPTIONS.noFrontDoor)).toEqual([])
    expect(missingDoors(bad({ 'queue/index.ts': '\n' }), { model: 'none' })).toEqual([
      'queue/ has no queue.ts: name the file to start with like its folder',
      'model/ needs no exception (noFrontDoor): remove it',
      'queue/index.ts: name it like its folder, and import it by that name',
    ])
  })

  test('no file is dead', () => {
    expect(deadFiles(project, EXCEPTIONS.unreached)).toEqual([])
    const files = bad({
      'gateway/main.ts': "import './used.ts'\nfork(new URL('./child.ts', import.meta.url))\n",
      'gateway/used.ts': '\n',
      'gateway/child.ts': '\n',
      'gateway/old.ts': '\n',
      'gateway/tried.ts': '\n',
      'test/tried.test.ts': "import '../gateway/tried.ts'\n",
    })
    expect(deadFiles(files, { 'gateway/used.ts': 'once' })).toEqual([
      'gateway/old.ts is reached from nowhere: use it or delete it',
      'gateway/tried.ts is reached from tests only: use it or delete it',
      'gateway/used.ts needs no exception (unreached): remove it',
    ])
  })

  test('no export is unused', () => {
    expect(unusedExports(project, EXCEPTIONS.unused)).toEqual([])
    const files = bad({
      'queue/a.ts': 'export const used = 1\nexport function left(): void {}\nexport type Free = 1\n',
      'queue/b.ts': "import { used as u } from './a.ts'\nu()\n",
    })
    expect(unusedExports(files, {})).toEqual([
      'queue/a.ts#left is exported and nobody takes it: drop `export`, or the whole of it',
    ])
  })
})

describe('sizes (STYLE 21)', () => {
  test('files and functions are small, and the large ones do not grow', () => {
    expect(tooLarge(project, EXCEPTIONS.large)).toEqual([])
    const body = (lines: number): string => '  f()\n'.repeat(lines - 2)
    const files = bad({
      'queue/a.ts': `function long() {\n${body(61)}}\nconst arrow = () => {\n${body(61)}}\n`,
      'queue/b.ts': '\n'.repeat(301),
      'queue/d.ts': `function make() {\nconst a = () => {\n${body(40)}}\nreturn { b() {\n${body(40)}} }\n}\n`,
      'queue/c.ts': `describe('all', () => {\n  test('one', () => {})\n${body(70)}})\n`,
    })
    expect(tooLarge(files, { 'queue/b.ts': { lines: 310, why: 'a table' } })).toEqual([
      'queue/a.ts#long has 61 lines of 60 (line 1) name its steps and make each a function',
      'queue/a.ts#arrow has 61 lines of 60 (line 62) name its steps and make each a function',
    ])
    const grown = {
      'queue/b.ts': { lines: 300, why: 'a table' },
      'queue/c.ts': { lines: 400, why: 'was long' },
    }
    expect(tooLarge(files, grown).slice(2)).toEqual([
      'queue/b.ts has 301 lines of 300 it does two things: make two files',
      'queue/c.ts needs no exception (large): remove it',
    ])
  })

  test('lines fit on a screen', () => {
    expect(tooWide(project)).toEqual([])
    expect(
      tooWide(
        bad({ 'queue/a.ts': `f(${'word, '.repeat(19)})\n// ${'word '.repeat(23)}\n// ${'x'.repeat(200)}\n` }),
      ),
    ).toEqual(['queue/a.ts:1 is 117 wide of 110: break it'])
  })
})

describe('words and syntax (STYLE 20, 23, 24)', () => {
  test('one word per idea, and none that says nothing', () => {
    expect(bannedWords(judged, EXCEPTIONS.words)).toEqual([])
    const code =
      'class StoreManager {}\nconst apiBase = 1\nfunction openSession(campaign: string) {}\ntype Base = 1\n'
    expect(bannedWords(bad({ 'queue/send-utils.ts': code }), { 'queue/a.ts#b': 'once' })).toEqual([
      'queue/send-utils.ts#StoreManager:1 `manager`: say what it does: directory, committer, pump',
      'queue/send-utils.ts#openSession:3 `session`: conversation, lease or token',
      'queue/send-utils.ts#campaign:3 `campaign`: broadcast',
      'queue/send-utils.ts#Base:4 `base`: no inheritance: a function call',
      'queue/send-utils.ts#send-utils:1 `utils`: name the file after what is in it',
      'queue/a.ts#b needs no exception (words): remove it',
    ])
    expect(
      bannedWords(bad({ 'connectors/telegram/parse.ts': 'type Update = { chat: string }\n' }), {}),
    ).toEqual([])
  })

  test('the syntax is erasable and has no holes', () => {
    expect(bannedSyntax(judged)).toEqual([])
    const code = `const a: any = 1\nb as any\nenum C {}\nnamespace D {}\n// @ts-ignore\n`
    expect(
      bannedSyntax(bad({ 'queue/a.ts': code })).map(line => line.split(':').slice(0, 2).join(':')),
    ).toEqual([
      'queue/a.ts:1 `any`',
      'queue/a.ts:2 `any`',
      'queue/a.ts:3 `enum`',
      'queue/a.ts:4 `namespace`',
      'queue/a.ts:5 @ts-ignore',
    ])
  })

  test('clock, chance and environment come in by one file', () => {
    expect(sideDoors(project)).toEqual([])
    const code = 'Date.now()\nnew Date()\nnew Date(5)\nperformance.now()\nMath.random()\nprocess.env\n'
    expect(sideDoors(bad({ 'queue/a.ts': code, 'bench/a.ts': code }))).toEqual([
      'queue/a.ts:1 `Date.now` belongs in model/clock.ts: take a Clock, or `now`, as a parameter',
      'queue/a.ts:2 `new Date` belongs in model/clock.ts: take a Clock, or `now`, as a parameter',
      'queue/a.ts:4 `performance.now` belongs in model/clock.ts: take a Clock, or `now`, as a parameter',
      'queue/a.ts:5 `Math.random` belongs in model/random.ts: take a Random as a parameter',
      'queue/a.ts:6 `process.env` belongs in gateway/config.ts: make it a config key',
    ])
    expect(sideDoors(bad({ 'model/clock.ts': 'Date.now()\n' }))).toEqual([])
  })

  test('SQL stays in the store', () => {
    expect(strayStatements(project)).toEqual([])
    const code =
      "f('SELECT a FROM b WHERE c')\nf(`insert into a values (1)`)\nf('select one from the list')\n"
    expect(strayStatements(bad({ 'queue/a.ts': code, 'store/a.ts': code }))).toEqual([
      'queue/a.ts:1 has SQL: make it a named query of the store',
      'queue/a.ts:2 has SQL: make it a named query of the store',
    ])
  })
})

describe('files', () => {
  test('no file knows where it was written', () => {
    expect(places(judged)).toEqual([])
    const files = { 'a.md': 'see /home/ana/x\n', 'b.json': `"https://${'registry'}.example.com/x"\n` }
    expect(places(bad(files))).toEqual([
      'a.md:1 /home/a: use a relative path',
      'b.json:1 registry.example.com: leave the registry to the user',
    ])
  })

  test('every file ends with a newline', () => {
    expect(missingNewlines(project)).toEqual([])
    expect(missingNewlines(bad({ 'a.md': 'x' }))).toEqual(['a.md does not end with a newline: add one'])
  })
})

function relative(from: string, to: string): string {
  return '../'.repeat(from.split('/').length - 1) + to
}
