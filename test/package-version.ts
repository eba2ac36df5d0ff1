import { readFileSync } from 'node:fs'

/** Of a package that is installed here. */
export function versionOfPackage(name: string): string {
  const path = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')).version
}
