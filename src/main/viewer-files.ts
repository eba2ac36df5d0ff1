/**
 * The page behind links, with all that it loads, as bytes in memory. A checkout strips the types of its modules now, a package did so when it
 * was made: either way `#room/file` leads to them, and the browser gets what Node would run. Every file's path holds the hash of all of them, so that
 * each may be kept for ever, and files of two versions never meet.
 */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { ViewerFile, ViewerFiles } from '#api/content/viewer'
import { sha256HexOf } from '#crypto/digest'

/** Below this path, and a hash, lies what the page loads. */
const base = '/-'

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
  wasm: 'application/wasm',
}

/** Name, as it is in URLs below `base` and the hash, and where it lies. */
const kernels: Readonly<Record<string, URL>> = {
  'erasure/kernel.wasm': new URL('../erasure/kernel.wasm', import.meta.url),
  'erasure/kernel-plain.wasm': new URL('../erasure/kernel-plain.wasm', import.meta.url),
  'crypto/blake3.wasm': new URL('../crypto/blake3.wasm', import.meta.url),
}

/** Takes some tenths of a second in a checkout. */
export function readViewerFiles(): ViewerFiles {
  const modules = new Map<string, string>()
  addModules(modules, 'web/page')
  const ofPage = [...modules.keys()]
  addModules(modules, 'web/worker')
  const others = readOthers()
  const root = `${base}/${versionOf([...modules.values(), ...others.values()])}`
  const files = [
    ...[...modules].map(([name, code]) => fileOf(`${name}.js`, Buffer.from(linked(code, root)))),
    ...[...others].map(([name, bytes]) => fileOf(name, bytes)),
  ]
  return {
    page: Buffer.from(linkPage(readBeside('page.html'), { root, modules: ofPage })),
    files: new Map(files.map(([name, file]) => [`${root}/${name}`, file])),
  }
}

function readOthers(): ReadonlyMap<string, Uint8Array> {
  const beside = ['page.css', 'icon.svg'].map((name): readonly [string, Uint8Array] => [
    `web/${name}`,
    readBeside(name),
  ])
  const compiled = Object.entries(kernels).map(([name, url]): readonly [string, Uint8Array] => [
    name,
    readFileSync(url),
  ])
  return new Map([...beside, ...compiled])
}

function readBeside(name: string): Buffer {
  return readFileSync(new URL(name, import.meta.resolve('#web/page')))
}

function versionOf(contents: readonly (string | Uint8Array)[]): string {
  const all = contents.map((content) => Buffer.from(content))
  return sha256HexOf(Buffer.concat(all)).slice(0, 16)
}

function fileOf(name: string, bytes: Uint8Array): readonly [name: string, file: ViewerFile] {
  const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
  return [name, { type, bytes, gzipped: gzipSync(bytes) }]
}

/** Modules that a page is told of beforehand are fetched at once, and not one after another as each names the next. */
function linkPage(
  html: Buffer,
  { root, modules }: { readonly root: string; readonly modules: readonly string[] },
): string {
  const preloads = modules.map((name) => `<link rel="modulepreload" href="${root}/${name}.js">`)
  return html
    .toString()
    .replaceAll('FILES', root)
    .replace('<!-- MODULES -->', preloads.join('\n    '))
}

const imported = /\b(?:from|import)\s*'#([^']+)'/g
const workerUrl = /(\bnew URL\('\.\/[\w-]+)\.ts'/g

/** The entry and all that it imports, as JavaScript. */
function addModules(modules: Map<string, string>, entry: string): void {
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
