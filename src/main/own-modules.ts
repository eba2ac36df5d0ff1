/**
 * Comes before a program, and says where modules of ours are. Node asks for each `#room/file` which package it is imported from and what that
 * package imports, from the disk and link by link: a third of the processor time of a start. Threads have it too.
 */
import { registerHooks } from 'node:module'

const { url: self } = import.meta
const sources = new URL('..', self).href
const root = new URL('..', sources).href
const otherPackages = `${root}node_modules/`
const isOfSources = self.endsWith('.ts')
const extension = isOfSources ? '.ts' : '.js'
const format = isOfSources ? 'module-typescript' : 'module'

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = specifier.startsWith('#') && !specifier.startsWith('#web/')
    const { parentURL = '' } = context
    if (!isOurs || !parentURL.startsWith(root) || parentURL.startsWith(otherPackages))
      return next(specifier, context)
    return { url: `${sources}${specifier.slice(1)}${extension}`, format, shortCircuit: true }
  },
})
