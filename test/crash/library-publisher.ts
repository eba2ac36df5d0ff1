/** A process that publishes versions one after another and says which were acknowledged, until it is killed. */
import { writeSync } from 'node:fs'
import { killAt } from '#main/kill-at'
import { archiveOf, requestOf } from '../library/registry.ts'
import { openLasting, publisher } from './lasting-registry.ts'

const [directory = '', life = '0', point] = process.argv.slice(2)
const { libraries } = await openLasting(directory, killAt(point))
for (let n = 0; ; n += 1) {
  const version = `${life}.${n}.0`
  const bytes = await archiveOf('@ada/mortal', version, {
    files: { 'docs/a.md': `# ${version}\n` },
  })
  writeSync(1, `trying ${version}\n`)
  await libraries.publish(publisher, requestOf('@ada/mortal', version, bytes))
  writeSync(1, `published ${version}\n`)
}
