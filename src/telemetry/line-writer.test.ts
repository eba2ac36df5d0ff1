import { equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, read } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { LineWriter, waitingCharsMax } from '#telemetry/line-writer'
import { endsWithin } from '#world/patience'
import { systemWorld } from '#world/system'

const world = systemWorld()
const place = await mkdtemp(join(tmpdir(), 'mycelium-lines-'))
after(() => rm(place, { recursive: true, force: true }))

function open(path: string, flags: string, onLoss: (lines: number) => void = () => {}) {
  const descriptor = openSync(path, flags)
  const writer = new LineWriter({ descriptor, world, onLoss })
  return {
    descriptor,
    writer,
    [Symbol.asyncDispose]: async () => {
      await writer.close()
      closeSync(descriptor)
    },
  }
}

test('lines arrive whole and in order', async () => {
  const path = join(place, 'ordered')
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} – ü\n`)
  {
    await using file = open(path, 'a')
    for (const [index, line] of lines.entries()) {
      file.writer.write(line)
      if (index % 1_000 === 0) await world.sleep(0)
    }
  }
  equal(await readFile(path, 'utf8'), lines.join(''))
})

test('a disk that is full ends nobody', { skip: process.platform !== 'linux' }, async () => {
  await using full = open('/dev/full', 'a')
  for (let round = 0; round < 100; round += 1) {
    full.writer.write('lost\n')
    await world.sleep(0)
  }
  ok(await endsWithin(world, 10_000, full.writer.close()), 'nor does the end wait for room')
})

test('behind a reader that stops, a bounded number of lines waits; how many were lost is told when it goes on', async () => {
  const path = join(place, 'pipe')
  execFileSync('mkfifo', [path])
  const { promise: told, resolve } = Promise.withResolvers<number>()
  await using pipe = open(path, 'r+', resolve)
  const line = `${'x'.repeat(1023)}\n`
  const count = (3 * waitingCharsMax) / line.length
  for (let index = 0; index < count; index += 1) pipe.writer.write(line)
  const bytes = Buffer.alloc(65_536)
  let total = 0
  while (total < waitingCharsMax)
    total += (await promisify(read)(pipe.descriptor, bytes, 0, bytes.length, null)).bytesRead
  const lost = await told
  equal(total, (count - lost) * line.length, 'what was not lost has come')
  match(bytes.toString('utf8', 0, line.length * 4), /^(?:x{1023}\n)+$/)
  ok(lost > 0)
})
