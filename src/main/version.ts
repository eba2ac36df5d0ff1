import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'

const manifest: unknown = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)
assert(typeof manifest === 'object' && manifest !== null && 'version' in manifest)
assert(typeof manifest.version === 'string')

/** As the package says it. */
export const version = manifest.version
