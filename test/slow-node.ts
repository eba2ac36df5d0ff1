/**
 * Loaded into the store before it starts (`node --import`): each call to a file of one node takes half a second longer, from the moment the file
 * `SLOW_NODE_WHEN` names is there.
 */
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { RealFile } from '#disk/real-file'

const slowMs = 500
const slowPath = '/node-05/'
const when = process.env['SLOW_NODE_WHEN'] ?? ''

for (const name of ['write', 'read', 'sync'] as const) {
  const call = RealFile.prototype[name] as (this: RealFile, ...args: never[]) => Promise<unknown> // all three take what they are given
  Object.assign(RealFile.prototype, {
    async [name](this: RealFile, ...args: never[]) {
      if (this.path.includes(slowPath) && existsSync(when)) await setTimeout(slowMs)
      return await call.apply(this, args)
    },
  })
}
