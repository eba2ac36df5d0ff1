/** What the pages of libraries load. */
import type { PageFiles } from '#api/library/pages/route'
import { addModules, browserFiles, readBeside } from '#main/browser-files'

export function readLibraryPageFiles(): PageFiles {
  const modules = new Map<string, string>()
  addModules(modules, 'web/libraries')
  const others = readBeside(import.meta.resolve('#web/libraries'), ['libraries.css', 'icon.svg'])
  const { root, files } = browserFiles(modules, others)
  return {
    assets: {
      style: `${root}/web/libraries.css`,
      script: `${root}/web/libraries.js`,
      icon: `${root}/web/icon.svg`,
    },
    files,
  }
}
