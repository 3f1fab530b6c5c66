import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, posix } from 'node:path'
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isClassDeclaration,
  isEnumDeclaration,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionLikeDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportSpecifier,
  isModuleDeclaration,
  isNewExpression,
  isNoSubstitutionTemplateLiteral,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isStringLiteral,
  isTemplateHead,
  isVariableDeclaration,
  isVariableStatement,
} from 'typescript/unstable/ast/is'
import type { FileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

/** What the checks need to know of one file; only `.ts` files have more than a text. Lines count from 1. */
export type Source = {
  path: string
  text: string
  /** `path` is resolved where the import is one of ours: `model/clock.ts`; a package keeps its name. */
  imports: { path: string; names: string[]; line: number }[]
  /** `lines` without those of the named functions inside, which have lines of their own. */
  functions: { name: string; lines: number; line: number }[]
  /** Names that this file gives to something: types, functions, constants, parameters. */
  declared: Named[]
  /** Exported functions, classes and constants; types cost nothing and are left out. */
  exported: Named[]
  strings: Named[]
  /** What is called or read by its dotted name: `Date.now`, `new Date`, `process.env`. */
  uses: Named[]
  /** Syntax that is not ours: `any`, `enum`, `namespace`. */
  syntax: Named[]
}

export type Named = { name: string; line: number }

/**
 * Reads files (path → text) with the parser of the TypeScript package. Its programming interface is called
 * unstable, so everything that touches it is in this file; what lost is a scan of braces and indents, which a
 * regular expression or a template in the way deceives.
 */
export function openReader(): { read(files: Files): Source[]; close(): void } {
  const projects: Files[] = []
  const api = new API({ cwd: '/', fs: inMemory(projects) })
  const read = (files: Files): Source[] => {
    const root = `/${projects.push(files) - 1}`
    const project = api.updateSnapshot({ openProject: `${root}/${CONFIG}` }).getProject(`${root}/${CONFIG}`)
    return Object.entries(files).map(([path, text]) => {
      const source = unread(path, text)
      const tree = isCode(path) ? project?.program.getSourceFile(`${root}/${path}`) : undefined
      if (tree !== undefined) visit(tree, tree, source)
      return source
    })
  }
  return { read, close: () => api.close() }
}

type Files = Readonly<Record<string, string>>

const CONFIG = 'reader.tsconfig.json'

/** A file system that holds nothing but these files, those of each project in a folder of its number. */
function inMemory(projects: readonly Files[]): FileSystem {
  const textOf = (path: string): string | null => {
    const [, number = '', rest = ''] = /^\/(\d+)\/(.*)$/.exec(path) ?? []
    const files = projects[Number(number)]
    if (number === '' || files === undefined) return null
    return rest === CONFIG ? configOf(files) : (files[rest] ?? null)
  }
  return {
    readFile: textOf,
    fileExists: path => textOf(path) !== null,
    directoryExists: path => /^(\/\d+)?\/?$/.test(path),
    getAccessibleEntries: () => ({ files: [], directories: [] }),
    realpath: path => path,
  }
}

function configOf(files: Files): string {
  const compilerOptions = { noLib: true, noResolve: true, types: [] }
  return JSON.stringify({ compilerOptions, files: Object.keys(files).filter(isCode) })
}

function isCode(path: string): boolean {
  return extname(path) === '.ts'
}

function unread(path: string, text: string): Source {
  const nothing = {
    imports: [],
    functions: [],
    declared: [],
    exported: [],
    strings: [],
    uses: [],
    syntax: [],
  }
  return { path, text, ...structuredClone(nothing) }
}

/** Every file of the project as path → text, without what `.gitignore` names. Works without git. */
export function projectFiles(root: string): Record<string, string> {
  const ignored = new Set(['.git'])
  const endings: string[] = []
  for (const line of readFileSync(join(root, '.gitignore'), 'utf8').split('\n')) {
    if (line.startsWith('*')) endings.push(line.slice(1))
    else if (line !== '') ignored.add(line.replace(/\/$/, ''))
  }
  const files: Record<string, string> = {}
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (ignored.has(entry.name) || endings.some(ending => entry.name.endsWith(ending))) continue
      if (entry.isDirectory()) walk(path)
      // A picture is there, and has no text.
      else if (entry.name.endsWith('.png')) files[path] = ''
      else if (entry.isFile()) files[path] = readFileSync(join(root, path), 'utf8')
    }
  }
  walk('')
  return files
}

function visit(node: Node, tree: SourceFile, source: Source): void {
  const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
  readImport(node, line, source)
  readNames(node, line, source)
  readExport(node, line, tree, source)
  if (isFunctionLikeDeclaration(node) && !registersTests(node)) {
    source.functions.push({ name: nameOf(node) ?? 'a callback', lines: ownLines(node, tree), line })
  }
  if (node.kind === SyntaxKind.AnyKeyword) source.syntax.push({ name: 'any', line })
  if (isEnumDeclaration(node)) source.syntax.push({ name: 'enum', line })
  if (isModuleDeclaration(node) && isIdentifier(node.name) && node.name.text !== 'global') {
    source.syntax.push({ name: 'namespace', line })
  }
  node.forEachChild(child => visit(child, tree, source))
}

const OUR_FILE = /^\.{1,2}\/.*\.ts$/

function readImport(node: Node, line: number, source: Source): void {
  const isImport = isImportDeclaration(node) || isExportDeclaration(node)
  const from = isImport ? node.moduleSpecifier : undefined
  if (from !== undefined && isStringLiteral(from)) {
    source.imports.push({ path: resolved(source.path, from.text), names: specifiersOf(node), line })
  } else if (isStringLiteral(node) && OUR_FILE.test(node.text) && !isImportDeclaration(node.parent)) {
    // `fork(new URL('./load.ts', import.meta.url))`, `import('./x.ts')`: a file reached by its name.
    source.imports.push({ path: resolved(source.path, node.text), names: ['*'], line })
  }
}

function resolved(path: string, from: string): string {
  return from.startsWith('.') ? posix.join(posix.dirname(path), from) : from
}

/** The names taken out of a module; `*` for all of it. */
function specifiersOf(node: Node): string[] {
  const names: string[] = []
  const walk = (child: Node): void => {
    if (isImportSpecifier(child)) names.push((child.propertyName ?? child.name).text)
    else child.forEachChild(walk)
  }
  node.forEachChild(walk)
  return names.length === 0 ? ['*'] : names
}

function readNames(node: Node, line: number, source: Source): void {
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isTemplateHead(node)) {
    source.strings.push({ name: node.text, line })
  }
  if (isPropertyAccessExpression(node) && isIdentifier(node.expression)) {
    source.uses.push({ name: `${node.expression.text}.${node.name.text}`, line })
  }
  if (isNewExpression(node) && isIdentifier(node.expression) && (node.arguments?.length ?? 0) === 0) {
    source.uses.push({ name: `new ${node.expression.text}`, line })
  }
  if (isDeclared(node)) source.declared.push({ name: node.text, line })
}

/** Whether this identifier is where its parent gets its name. */
function isDeclared(node: Node): node is Node & { text: string } {
  if (!isIdentifier(node)) return false
  const parent = node.parent as Node & { name?: Node }
  return parent.name === node && !isPropertyAccessExpression(parent) && !isImportSpecifier(parent)
}

function readExport(node: Node, line: number, tree: SourceFile, source: Source): void {
  if (node.parent !== tree || !node.getText(tree).startsWith('export ')) return
  if ((isFunctionDeclaration(node) || isClassDeclaration(node)) && node.name !== undefined) {
    source.exported.push({ name: node.name.text, line })
  }
  if (isVariableStatement(node)) {
    for (const declaration of node.declarationList.declarations) {
      if (isIdentifier(declaration.name)) source.exported.push({ name: declaration.name.text, line })
    }
  }
}

/** A function that makes an object of functions is as long as what it does itself, like a class. */
function ownLines(node: Node, tree: SourceFile): number {
  const lineAt = (position: number): number => tree.getLineAndCharacterOfPosition(position).line
  let lines = lineAt(node.getEnd()) - lineAt(node.getStart(tree)) + 1
  node.forEachChild(function look(child: Node): void {
    if (isFunctionLikeDeclaration(child) && nameOf(child) !== undefined) {
      lines -= lineAt(child.getEnd()) - lineAt(child.getStart(tree))
    } else child.forEachChild(look)
  })
  return lines
}

/** The name a function is known by: its own, or that of the constant or property that holds it. */
function nameOf(node: Node): string | undefined {
  const named = node as Node & { name?: Node }
  if (named.name !== undefined && isIdentifier(named.name)) return named.name.text
  const { parent } = node
  const isHeld = isVariableDeclaration(parent) || isPropertyAssignment(parent)
  return isHeld && isIdentifier(parent.name) ? parent.name.text : undefined
}

const REGISTERING = new Set(['test', 'describe'])

/** A function that only lists tests is a table of contents; each test in it is measured by itself. */
function registersTests(node: Node): boolean {
  let found = false
  node.forEachChild(function look(child: Node): void {
    if (isCallExpression(child)) {
      const called = isPropertyAccessExpression(child.expression)
        ? child.expression.expression
        : child.expression
      if (isIdentifier(called) && REGISTERING.has(called.text)) found = true
    }
    if (!found) child.forEachChild(look)
  })
  return found
}
