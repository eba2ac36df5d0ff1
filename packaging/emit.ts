/**
 * `prepack`: writes the programs of this package as JavaScript into `dist/`, and the modules that others may import, because Node strips no types
 * below `node_modules`. What these reach at run time is written, and nothing else: the modules they import, the workers and the kernels they name by URL.
 *
 * The types are blanked by the same stripper that runs a checkout, so that a package runs the code that was tested, and lines and columns
 * in its stack traces are those of the sources. `dist/package.json` gives `#room/file` its meaning there.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
/** What browsers run: a room beside `src/`, as Node never does. */
const web = join(root, 'web')
const target = join(root, 'dist')

/** `from '#room/file'`, `import '#room/file'`, `import('#room/file')`, `import.meta.resolve('#room/file')` */
const roomImport = /\b(?:from|import|resolve)[\s(]*'#([^']+)'/g
/** A kernel, a worker, or a file of the package itself. */
const siblingUrl = /\bnew URL\(\s*'(\.[^']+)',\s*import\.meta\.url/g
const workerUrl = /(\bnew URL\(\s*'\.[^']+)\.ts'(,\s*import\.meta\.url)/g

/** Each launcher stands for the program of its name, and names what comes before all of them. */
function programs(): readonly string[] {
  const launchers = globSync('packaging/bin/*', { cwd: root, exclude: ['**/*.sh'] })
  const names = launchers.map((launcher) => relative('packaging/bin', launcher))
  return [...names, 'own-modules'].map((name) => join(source, 'main', `${name}.ts`))
}

/** Each entry of `exports` in package.json names the module that it becomes. */
function exported(): readonly string[] {
  const manifest: { exports: Record<string, string | { default: string }> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  return Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string'
      ? []
      : [join(source, relative('dist', entry.default).replace(/\.js$/, '.ts'))],
  )
}

function emit(entries: readonly string[]): void {
  rmSync(target, { recursive: true, force: true })
  const files = new Set(entries)
  for (const file of files) for (const reached of write(file)) files.add(reached) // a set grows while it is walked
  const scope = { type: 'module', imports: { '#*': './*.js' } }
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(scope, null, 2)}\n`)
}

/** Returns the files it needs beside it when it runs. */
function write(file: string): readonly string[] {
  const path = join(target, relative(file.startsWith(web) ? root : source, file))
  mkdirSync(dirname(path), { recursive: true })
  if (!file.endsWith('.ts')) {
    copyFileSync(file, path)
    return []
  }
  const code = stripTypeScriptTypes(readFileSync(file, 'utf8'))
  writeFileSync(path.replace(/\.ts$/, '.js'), code.replaceAll(workerUrl, "$1.js'$2"))
  const imported = [...code.matchAll(roomImport)].map(([, name = '']) =>
    join(name.startsWith('web/') ? root : source, `${name}.ts`),
  )
  const named = [...code.matchAll(siblingUrl)].map(([, name = '']) => resolve(dirname(file), name))
  return [...imported, ...named.filter((path) => path.startsWith(source) || path.startsWith(web))]
}

/** What a page is beside its modules. */
function pageFiles(): readonly string[] {
  return globSync('*.{html,css,svg}', { cwd: web }).map((name) => join(web, name))
}

emit([...programs(), ...exported(), ...pageFiles()])
