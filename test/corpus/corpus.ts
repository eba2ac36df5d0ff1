/** Stores as former versions of the program left them. */
import { globSync } from 'node:fs'

export const corpusDirectory = new URL('../vectors/stores/', import.meta.url).pathname

/** With what they are started. */
export const shape = ['--nodes', '4', '--profile', '2+1', '--chunk-size', '4MiB', '--log', 'warn']

/** Names without their endings. */
export function corpusNames(): readonly string[] {
  return globSync('*.json.zst', { cwd: corpusDirectory })
    .map((file) => file.slice(0, -'.json.zst'.length))
    .sort()
}
