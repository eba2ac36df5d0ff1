/** `npm run campaign -- NAME [arguments]`: the long form of a suite, which leaves its summary in docs/evidence/. */
import { globSync } from 'node:fs'

const [name, ...args] = process.argv.slice(2)
const names = globSync('*.ts', { cwd: new URL('campaigns/', import.meta.url).pathname }).map(
  (file) => file.replace(/\.ts$/, ''),
)
if (name === undefined || !names.includes(name)) {
  process.stderr.write(
    `npm run campaign -- NAME, where NAME is one of: ${names.sort().join(', ')}\n`,
  )
  process.exit(2)
}
const { campaign } = (await import(`./campaigns/${name}.ts`)) as Campaign
await campaign(args)

interface Campaign {
  /** Rejects when anything is not as it should be. */
  campaign(args: readonly string[]): Promise<void>
}
