/** The rules of the floor plan. Each takes the plan and the files and returns what is wrong, and what to do about it. */
import type { FloorPlan, Room } from './floor-plan.ts'
import { type Import, lineAt, type SourceFile } from './source.ts'

export interface Problem {
  readonly path: string
  readonly line?: number
  readonly text: string
}

const linesMax = 600
const nounless =
  /^(?:commons?|utils?|helpers?|types|core|shared|services?|managers?|misc|lib|index)$/

/** Everything a rule needs to know of a path. */
function home(path: string): { readonly room: string | undefined; readonly isTest: boolean } {
  const [top, room, ...rest] = path.split('/')
  const isTest = path.endsWith('.test.ts')
  if (top === 'web') return { room: top, isTest } // what browsers run is a room beside src/
  return { room: top === 'src' && rest.length > 0 ? room : undefined, isTest }
}

function isProductPath(path: string): boolean {
  return path.startsWith('src/') || path.startsWith('web/')
}

/** Scripts that make a room's kernel at development time: not part of any program. */
function isBuildScript(path: string): boolean {
  return /^src\/[^/]+\/build\.ts$/.test(path)
}

/** Code that runs in production and so must keep the rules of its room. */
function isProduct({ path }: SourceFile): boolean {
  return home(path).room !== undefined && !home(path).isTest && !isBuildScript(path)
}

export function roomNames(plan: FloorPlan, files: readonly SourceFile[]): readonly Problem[] {
  const used = new Map(files.map(({ path }) => [home(path).room, path]))
  const strangers = [...used].flatMap(([room, path]): readonly Problem[] => {
    if (room === undefined || plan.rooms.has(room)) return []
    return [
      {
        path,
        text: `room "${room}" has no row in ARCHITECTURE.md: add one, or find the room this belongs to`,
      },
    ]
  })
  const early = [...plan.rooms.values()]
    .filter(({ name, isPlanned }) => isPlanned && used.has(name))
    .map(({ name }) => ({
      path: 'ARCHITECTURE.md',
      text: `room "${name}" has code now: take _planned._ out of its row`,
    }))
  const unnamed = files
    .filter(({ path }) => isProductPath(path))
    .filter(({ path }) => path.split('/').some((part) => nounless.test(part.replace(/\.ts$/, ''))))
    .map(({ path }) => ({
      path,
      text: 'this name says nothing: find the noun (or the verb) the file is about',
    }))
  const loose = files
    .filter(({ path }) => path.startsWith('src/') && home(path).room === undefined)
    .map(({ path }) => ({ path, text: 'a source file lives in a room: move it to src/<room>/' }))
  return [...strangers, ...early, ...unnamed, ...loose]
}

/** A row may only name rooms above it: imports point down, and rooms cannot form a cycle. */
export function tableOrder(plan: FloorPlan): readonly Problem[] {
  const names = [...plan.rooms.keys()]
  return [...plan.rooms.values()].flatMap(({ name, mayImport }, index) =>
    mayImport === 'everything'
      ? []
      : mayImport
          .filter((other) => !names.slice(0, index).includes(other))
          .map((other) => ({
            path: 'ARCHITECTURE.md',
            text: `the row of "${name}" names "${other}", which does not stand above it`,
          })),
  )
}

export function imports(plan: FloorPlan, files: readonly SourceFile[]): readonly Problem[] {
  const known = new Set(files.map(({ path }) => path))
  return files.flatMap((file) =>
    file.imports
      .map((one) => ({ line: one.line, text: importTrouble(plan, known, file, one) }))
      .filter((trouble): trouble is { line: number; text: string } => trouble.text !== undefined)
      .map((trouble) => ({ path: file.path, ...trouble })),
  )
}

function importTrouble(
  plan: FloorPlan,
  known: ReadonlySet<string>,
  file: SourceFile,
  one: Import,
): string | undefined {
  const { room } = home(file.path)
  const target = resolve(file.path, one)
  if (target !== undefined && !known.has(target)) return `"${one.specifier}" names no source file`
  if (target !== undefined) return roomTrouble(plan, file, one, target)
  if (room === undefined || !isProduct(file)) return undefined
  if (one.kind === 'dynamic' && room !== 'main')
    return 'only src/main imports packages late: others import #room/file'
  return outsideTrouble(plan, room, one.specifier)
}

function roomTrouble(
  plan: FloorPlan,
  file: SourceFile,
  one: Import,
  target: string,
): string | undefined {
  const from = home(file.path)
  const to = home(target)
  if (isPrivate(target) && from.room !== to.room) {
    return `"${one.specifier}" starts with _ and so is private to room "${to.room}"`
  }
  if (from.room === undefined) return undefined // test/ and bench/ may look into any room
  if (to.isTest) return `"${one.specifier}" is a test: nobody imports it`
  if (from.isTest && to.room === undefined) return undefined // a test may use test/ and bench/
  if (to.room === undefined) return `"${one.specifier}" is outside src/`
  if (one.kind === 'worker') {
    return from.room === to.room ? undefined : 'a worker belongs to the room that starts it'
  }
  if (one.specifier.startsWith('.'))
    return `write "#${target.replace(/^src\//, '').slice(0, -3)}": imports are #room/file`
  if (from.room === to.room || mayImport(plan, from.room, to.room, from.isTest)) return undefined
  return `room "${from.room}" may not import room "${to.room}": its row in ARCHITECTURE.md says who it may know`
}

/** A test stands over its room: it may use everything the table has above it to set the scene, but nothing below. */
function mayImport(plan: FloorPlan, from: string, to: string, isTest: boolean): boolean {
  const allowed = plan.rooms.get(from)?.mayImport ?? []
  if (allowed !== 'everything' && !isTest) return allowed.includes(to)
  const names = [...plan.rooms.keys()]
  return names.indexOf(to) < names.indexOf(from)
}

function outsideTrouble(plan: FloorPlan, name: string, specifier: string): string | undefined {
  const room: Room | undefined = plan.rooms.get(name)
  if (room === undefined || room.outside === 'anything') return undefined
  const timers = room.hasClock ? ['node:timers'] : []
  const allowed = [...plan.free, ...room.outside, ...timers]
  if (allowed.some((module) => specifier === module || specifier.startsWith(`${module}/`)))
    return undefined
  return `room "${name}" may not touch "${specifier}": its row in ARCHITECTURE.md says what it may (outside)`
}

function isPrivate(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('_'))
}

/** The repository path an import leads to, or `undefined` for a module from outside. */
function resolve(from: string, { specifier }: Import): string | undefined {
  if (specifier.startsWith('#web/')) return `${specifier.slice(1)}.ts`
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}.ts`
  if (!specifier.startsWith('.')) return undefined
  return new URL(specifier, `file:///${from}`).pathname.slice(1)
}

/** Each cycle once, as the path that closes it. */
export function cycles(files: readonly SourceFile[]): readonly Problem[] {
  const graph = edges(files, ({ kind }) => kind !== 'worker')
  const finished = new Set<string>()
  const problems: Problem[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      const circle = [...trail.slice(start), path].join(' → ')
      problems.push({ path, text: `imports itself: ${circle}; move what both need below them` })
      return
    }
    if (finished.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    finished.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return problems
}

function edges(
  files: readonly SourceFile[],
  counts: (one: Import) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const targets = ({ path, imports }: SourceFile): readonly string[] =>
    imports.filter(counts).flatMap((one) => resolve(path, one) ?? [])
  return new Map(files.map((file) => [file.path, targets(file)]))
}

/**
 * Source files that nothing leads to from a program (the manifest names them), a suite or a benchmark. A file that only its own
 * test knows is dead too.
 */
export function deadFiles(
  files: readonly SourceFile[],
  programs: readonly string[],
): readonly Problem[] {
  const graph = edges(files, () => true)
  const reached = new Set<string>()
  const queue = files
    .map(({ path }) => path)
    .filter((path) => !isProductPath(path) || programs.includes(path))
  for (const path of queue) {
    if (reached.has(path)) continue
    reached.add(path)
    queue.push(...(graph.get(path) ?? []))
  }
  const text = 'no program, suite or benchmark leads here: use it or remove it'
  return files
    .map(({ path }) => path)
    .filter((path) => !reached.has(path) && !home(path).isTest && !path.endsWith('.d.ts'))
    .map((path) => ({ path, text }))
}

const clock =
  /\b(?:Date\.now|Math\.random|performance\.now|process\.hrtime|AbortSignal\.timeout)\b|(?<![.\w])(?:setTimeout|setInterval)\b|\bnew Date\(\s*\)/g

/** Time and chance are parameters, so that one seed replays a whole store. */
export function timeAndChance(plan: FloorPlan, files: readonly SourceFile[]): readonly Problem[] {
  return files
    .filter(
      (file) => isProduct(file) && plan.rooms.get(home(file.path).room ?? '')?.hasClock !== true,
    )
    .flatMap((file) =>
      find(file, clock, (found) => `${found} belongs to room "world": take a World`),
    )
}

const surroundings = /\bprocess\.(?:env|argv|exit|exitCode|on|once|kill|chdir|stdin|umask)\b/g

export function environment(files: readonly SourceFile[]): readonly Problem[] {
  return files
    .filter((file) => isProduct(file) && home(file.path).room !== 'main')
    .flatMap((file) =>
      find(file, surroundings, (found) => `${found} belongs to src/main: take a parameter`),
    )
}

const nodeOnly = /\b(?:Buffer|process|setImmediate|require)\b/g

/** What browsers run, and all that it imports, must not need Node. */
export function browsers(
  files: readonly SourceFile[],
  entries: readonly string[],
): readonly Problem[] {
  const graph = edges(files, () => true)
  const reached = new Set(entries)
  for (const path of reached) for (const next of graph.get(path) ?? []) reached.add(next)
  return files
    .filter(({ path }) => reached.has(path))
    .flatMap((file) => [
      ...file.imports
        .filter((one) => resolve(file.path, one) === undefined)
        .map(({ specifier, line }) => ({
          path: file.path,
          line,
          text: `browsers run this file, and have no "${specifier}"`,
        })),
      ...find(file, nodeOnly, (found) => `browsers run this file, and have no ${found}`),
    ])
}

/** Which suite a test belongs to is lost when the suite's body waits: see `test/runner/without-hooks.ts`. */
export function suites(files: readonly SourceFile[]): readonly Problem[] {
  const text = 'a suite does not wait: set it up in before(), or above it'
  return files
    .filter(({ path }) => home(path).isTest)
    .flatMap((file) => find(file, /\bdescribe\([^)]*?,\s*async\b/g, () => text))
}

export function namedExports(files: readonly SourceFile[]): readonly Problem[] {
  return files
    .filter(({ path }) => isProductPath(path))
    .flatMap((file) => find(file, /\bexport default\b/g, () => 'give the export a name'))
}

export function length(files: readonly SourceFile[]): readonly Problem[] {
  return files
    .filter(({ path }) => isProductPath(path))
    .map(({ path, code }) => ({ path, lines: lineAt(code, code.length) }))
    .filter(({ lines }) => lines > linesMax)
    .map(({ path, lines }) => ({
      path,
      text: `${lines} lines (at most ${linesMax}): it holds more than one thought`,
    }))
}

function find(
  file: SourceFile,
  pattern: RegExp,
  say: (found: string) => string,
): readonly Problem[] {
  return [...file.code.matchAll(pattern)].map((match) => ({
    path: file.path,
    line: lineAt(file.code, match.index),
    text: say(match[0]),
  }))
}
