/** What becomes of the programs when nobody takes what they write. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { cliExitCodes } from '#cli/exit-codes'
import { exitCodes } from '#main/exit-codes'
import { cleanEnvironment, fromSources, type RunningStore, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { openWorkplace, smallStore, type Workplace } from './cyxcloud.ts'

let store: RunningStore
let place: Workplace
before(async () => {
  store = await startStore({ flags: smallStore })
  place = await openWorkplace(store)
  using bucket = bucketOf(store, 'output')
  await bucket.create()
  await bucket.put('large', bytesOf('large', 3_000_000))
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
})

test('a reader that has gone does not end an upload', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `file-${String(index).padStart(2, '0')}`)
  await mkdir(place.path('many'))
  for (const name of names) await writeFile(place.path('many', name), name)
  const { child, ended } = place.start(['upload', 'many', '-b', 'many', '--json'])
  child.stdout?.destroy()
  const { code, stderr } = await ended
  equal(stderr, '')
  equal(code, 0)
  using bucket = bucketOf(store, 'many')
  deepEqual(
    (await bucket.list()).map(({ key }) => key),
    names,
  )
})

type Program = Parameters<typeof fromSources>[0]

function environment(): Record<string, string> {
  return { ...cleanEnvironment(), ...place.env }
}

const calls: readonly (readonly [program: Program, args: readonly string[], code: number])[] = [
  ['cyxcloud', ['download', 'output', '-k', 'large', '-o', '-'], cliExitCodes.localFile],
  ['cyxcloud', ['list', 'output'], cliExitCodes.localFile],
  ['cyxcloud', ['status', '--json'], cliExitCodes.localFile],
  ['mdlibs', ['--help'], cliExitCodes.localFile],
  ['mycdnctl', ['--help'], cliExitCodes.localFile],
  ['mycelium', ['up', '--help'], exitCodes.unexpected],
]
for (const [program, args, code] of calls) {
  const line = [program, ...args].join(' ')

  test(`a full disk: ${line}`, { skip: process.platform !== 'linux' }, () => {
    const [node, ...flags] = fromSources(program)
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(node, [...flags, ...args], {
      env: environment(),
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    match(stderr, /^[\w]+: Standard output cannot be written: the disk is full\. .*not whole\.\n$/)
    equal(status, code)
  })

  test(`a reader that has gone: ${line}`, async () => {
    const [node, ...flags] = fromSources(program)
    const child = spawn(node, [...flags, ...args], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const [status] = await once(child, 'close')
    equal(stderr, '')
    equal(status, 0)
  })
}
