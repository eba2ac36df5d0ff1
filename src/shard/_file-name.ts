import assert from 'node:assert'
import { metadataPath } from '#shard/node-metadata'

/** Names are the program's own, so a bad one is a mistake of ours. `metadata.json` belongs to the node itself. */
export function assertFileName(name: string): void {
  assert(/^[a-z0-9.-]+$/.test(name) && !/^\.+$/.test(name), `not a file name: ${name}`)
  assert(name !== metadataPath, 'metadata.json is read with readNodeMetadata')
}
