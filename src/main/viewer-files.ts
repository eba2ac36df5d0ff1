/** The page behind links, with all that it loads. */
import { readFileSync } from 'node:fs'
import type { ViewerFiles } from '#api/content/viewer'
import { addModules, browserFiles, readBeside } from '#main/browser-files'

/** Name, as it is in URLs, and where it lies. */
const kernels: Readonly<Record<string, URL>> = {
  'erasure/kernel.wasm': new URL('../erasure/kernel.wasm', import.meta.url),
  'erasure/kernel-plain.wasm': new URL('../erasure/kernel-plain.wasm', import.meta.url),
  'crypto/blake3.wasm': new URL('../crypto/blake3.wasm', import.meta.url),
}

const page = import.meta.resolve('#web/page')

/** Takes some tenths of a second in a checkout. */
export function readViewerFiles(): ViewerFiles {
  const modules = new Map<string, string>()
  addModules(modules, 'web/page')
  const ofPage = [...modules.keys()]
  addModules(modules, 'web/worker')
  const { root, files } = browserFiles(modules, readOthers())
  const html = readFileSync(new URL('page.html', page), 'utf8')
  return { page: Buffer.from(linkPage(html, { root, modules: ofPage })), files }
}

function readOthers(): ReadonlyMap<string, Uint8Array> {
  const compiled = Object.entries(kernels).map(([name, url]): readonly [string, Uint8Array] => [
    name,
    readFileSync(url),
  ])
  return new Map([...readBeside(page, ['page.css', 'icon.svg']), ...compiled])
}

/** Modules that a page is told of beforehand are fetched at once, and not one after another as each names the next. */
function linkPage(
  html: string,
  { root, modules }: { readonly root: string; readonly modules: readonly string[] },
): string {
  const preloads = modules.map((name) => `<link rel="modulepreload" href="${root}/${name}.js">`)
  return html.replaceAll('FILES', root).replace('<!-- MODULES -->', preloads.join('\n    '))
}
