/**
 * Comes before a program, and says where modules are. Node asks for each `#room/file` which package it is imported from and what that package
 * imports, and for each file whether it is there and no link, from the disk and link by link: a third of the processor time of a start. Threads
 * have it too.
 */
import { registerHooks } from 'node:module'

const { url: self } = import.meta
const sources = new URL('..', self).href
const root = new URL('..', sources).href
const otherPackages = `${root}node_modules/`
const isOfSources = self.endsWith('.ts')
const extension = isOfSources ? '.ts' : '.js'
const format = isOfSources ? 'module-typescript' : 'module'
/** zod's words in all its languages, 62 modules. Ours are English, and its own entry loads those by themselves. */
const languages = '/zod/v4/locales/index.js'

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context
    const isOfOthers = parentURL.startsWith(otherPackages)
    if (isOfOthers && isFileBeside(specifier) && context.conditions.includes('import'))
      return { url: fileBeside(specifier, parentURL), shortCircuit: true }
    const isOurs = specifier.startsWith('#') && !specifier.startsWith('#web/')
    if (!isOurs || isOfOthers || !parentURL.startsWith(root)) return next(specifier, context)
    return { url: `${sources}${specifier.slice(1)}${extension}`, format, shortCircuit: true }
  },
})

/** As modules of a package name each other: `import` completes nothing, so that this is the file. https://nodejs.org/api/esm.html#import-specifiers */
function isFileBeside(specifier: string): boolean {
  return specifier.startsWith('.') && specifier.endsWith('.js')
}

function fileBeside(specifier: string, parentURL: string): string {
  const { href } = new URL(specifier, parentURL)
  return href.endsWith(languages) ? new URL('en.js', href).href : href
}
