/** Keys as names of files. A key is any text that somebody chose; a name must stay below the directory that was asked for. */
import { join } from 'node:path'
import { cliFault } from '#cli/faults'

/** The path below `root`. `cli/unsafe-key` for a key that would leave it, or that is no path. */
export function localPath(root: string, key: string): string {
  const refuse = (reason: string): never => {
    throw cliFault('cli/unsafe-key', { key, reason })
  }
  if (key.includes('\0')) refuse('it has a zero byte')
  if (key.startsWith('/')) refuse('it begins with /')
  const parts = key.split('/')
  if (parts.includes('..')) refuse('it has .. as a part')
  if (parts.includes('.') || parts.slice(0, -1).includes('')) refuse('it has an empty part')
  return join(root, ...parts)
}

/** The last part of a key: its file's name when only this key is fetched. */
export function lastPart(key: string): string {
  return key.split('/').findLast((part) => part !== '') ?? ''
}
