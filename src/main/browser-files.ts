/**
 * What pages load, as bytes in memory. A checkout strips the types of its modules now, a package did so when it was made: either way `#room/file` leads to
 * them, and the browser gets what Node would run. Every file's path holds the hash of all of them, so that each may be kept for ever, and files of two
 * versions never meet.
 */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { BrowserFile } from '#api/browser-file'
import { sha256HexOf } from '#crypto/digest'

export interface BrowserFiles {
  /** Below this path they all lie. */
  readonly root: string
  /** By path. */
  readonly files: ReadonlyMap<string, BrowserFile>
}

/** Below this path, and a hash, lies what pages load. */
const base = '/-'

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
  wasm: 'application/wasm',
}

/** Both by name: modules without their suffix, others as they are in URLs. */
export function browserFiles(
  modules: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, Uint8Array>,
): BrowserFiles {
  const root = `${base}/${versionOf([...modules.values(), ...others.values()])}`
  const files = [
    ...[...modules].map(([name, code]) => fileOf(`${name}.js`, Buffer.from(linked(code, root)))),
    ...[...others].map(([name, bytes]) => fileOf(name, bytes)),
  ]
  return { root, files: new Map(files.map(([name, file]) => [`${root}/${name}`, file])) }
}

/** Files that lie beside a module of pages, by their names in URLs. */
export function readBeside(
  module: string,
  names: readonly string[],
): ReadonlyMap<string, Uint8Array> {
  return new Map(names.map((name) => [`web/${name}`, readFileSync(new URL(name, module))]))
}

const imported = /\b(?:from|import)\s*'#([^']+)'/g
const workerUrl = /(\bnew URL\('\.\/[\w-]+)\.ts'/g

/** The entry and all that it imports, as JavaScript. */
export function addModules(modules: Map<string, string>, entry: string): void {
  const names = new Set([entry])
  for (const name of names) {
    const url = new URL(import.meta.resolve(`#${name}`))
    const text = readFileSync(url, 'utf8')
    const code = url.pathname.endsWith('.ts') ? stripTypeScriptTypes(text) : text
    modules.set(name, code.replaceAll(workerUrl, "$1.js'")) // a package's name of it, which is the browser's too
    for (const [, next = ''] of code.matchAll(imported)) {
      if (!modules.has(next)) names.add(next) // a set grows while it is walked
    }
  }
}

/** Browsers know no `#room/file`. */
function linked(code: string, root: string): string {
  return code.replaceAll(imported, (found, name) => found.replace(`#${name}`, `${root}/${name}.js`))
}

function versionOf(contents: readonly (string | Uint8Array)[]): string {
  const all = contents.map((content) => Buffer.from(content))
  return sha256HexOf(Buffer.concat(all)).slice(0, 16)
}

function fileOf(name: string, bytes: Uint8Array): readonly [name: string, file: BrowserFile] {
  const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
  return [name, { type, bytes, gzipped: gzipSync(bytes) }]
}
