/** Values at rest: the bytes of docs/formats/hero-redis.md, what is promised of them, and what a crash may take. */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { blake3 } from '#crypto/blake3'
import type { Disk } from '#disk/disk'
import { openRealDisk } from '#disk/real'
import { SimulatedDisk } from '#disk/simulated'
import { isFault } from '#fault/fault'
import { keyBytesMax, valueBytesMax } from '#redis/limits'
import { decodeValueFile, encodeValueFile } from '#redis/value-file'
import { openRedisValues, type RedisValues } from '#redis/values'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'
import { sameBytes } from '../../test/contract/same-bytes.ts'

const vector: {
  readonly db: number
  readonly key: string
  readonly value: string
  readonly path: string
  readonly file: string
} = JSON.parse(readFileSync(new URL('../../test/vectors/hero-redis.json', import.meta.url), 'utf8'))
const vectorPlace = { db: vector.db, key: Uint8Array.fromHex(vector.key) }

test('a value file is as the vector says', () => {
  const value = Uint8Array.fromHex(vector.value)
  equal(Buffer.from(encodeValueFile(vectorPlace, value)).toString('hex'), vector.file)
  sameBytes(Uint8Array.from(decodeValueFile(vectorPlace, Uint8Array.fromHex(vector.file))), value)
})

test('a file that was changed anywhere, cut or moved is damaged', () => {
  const file = Uint8Array.fromHex(vector.file)
  const damaged = (error: unknown): boolean => isFault(error, 'redis/value-damaged')
  for (let at = 0; at < file.length; at += 1) {
    const changed = file.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    throws(() => decodeValueFile(vectorPlace, changed), damaged)
    throws(() => decodeValueFile(vectorPlace, file.subarray(0, at)), damaged)
  }
  throws(() => decodeValueFile({ ...vectorPlace, db: vector.db + 1 }, file), damaged)
  throws(() => decodeValueFile({ ...vectorPlace, key: Uint8Array.of(1) }, file), damaged)
})

type WithValues = (
  body: (disk: Disk, reopen: () => Promise<RedisValues>) => Promise<void>,
) => Promise<void>

const onRealDisk: WithValues = async (body) => {
  const root = await mkdtemp(join(tmpdir(), 'values-'))
  const world = systemWorld()
  try {
    const disk = openRealDisk(join(root, 'hero-redis'))
    await body(disk, () => openRedisValues({ disk, world, telemetry }))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const onSimulatedDisk: WithValues = (body) => {
  const world = new SimulatedWorld('values')
  const disk = new SimulatedDisk({ world: world.fork('disk') })
  return world.run(() => body(disk, () => openRedisValues({ disk, world, telemetry })))
}

const key = (text: string): Uint8Array => Buffer.from(text)

for (const [name, withValues] of Object.entries({ real: onRealDisk, simulated: onSimulatedDisk })) {
  const on = (title: string, body: Parameters<WithValues>[0]): void => {
    test(`${name} disk: ${title}`, () => withValues(body))
  }

  on('what was set is there, by database and key, also after a restart', async (_, reopen) => {
    const values = await reopen()
    await values.set({ db: 1, key: key('a') }, key('one'))
    await values.set({ db: 2, key: key('a') }, key('two'))
    await values.set({ db: 1, key: new Uint8Array(0) }, new Uint8Array(0))
    await values.set({ db: 1, key: key('a') }, key('three'))
    for (const now of [values, await reopen()]) {
      sameBytes(await now.get({ db: 1, key: key('a') }), key('three'))
      sameBytes(await now.get({ db: 2, key: key('a') }), key('two'))
      sameBytes(await now.get({ db: 1, key: new Uint8Array(0) }), new Uint8Array(0))
      equal(await now.get({ db: 3, key: key('a') }), undefined)
      equal(await now.has({ db: 1, key: key('a') }), true)
      equal(await now.has({ db: 1, key: key('b') }), false)
      equal(await now.has({ db: 999, key: key('a') }), false)
      equal(await now.count(1), 2)
      equal(await now.count(999), 0)
    }
  })

  on('what was deleted is gone, and was there', async (_, reopen) => {
    const values = await reopen()
    const place = { db: 0, key: key('a') }
    equal(await values.delete(place), false)
    await values.set(place, key('one'))
    equal(await values.delete(place), true)
    equal(await values.delete(place), false)
    equal(await values.get(place), undefined)
    equal(await (await reopen()).get(place), undefined)
  })

  on('the longest key and value', async (_, reopen) => {
    const place = { db: 999, key: new Uint8Array(keyBytesMax).fill(255) }
    const value = new Uint8Array(valueBytesMax).fill(7)
    await (await reopen()).set(place, value)
    sameBytes(await (await reopen()).get(place), value)
  })

  on('commands for one key at the same time are done in their order', async (_, reopen) => {
    const values = await reopen()
    const place = { db: 0, key: key('a') }
    const seen = await Promise.all(
      Array.from({ length: 6 }, async (_, version) => {
        const setting = values.set(place, Uint8Array.of(version))
        const got = values.get(place)
        await setting
        return (await got)?.[0]
      }),
    )
    deepEqual(seen, [0, 1, 2, 3, 4, 5])
  })

  on('a first read of a directory does not disturb the first write there', async (_, reopen) => {
    const values = await reopen()
    const [first, second] = siblings()
    const [got] = await Promise.all([
      values.get({ db: 0, key: first }),
      values.set({ db: 0, key: second }, key('x')),
    ])
    equal(got, undefined)
    sameBytes(await values.get({ db: 0, key: second }), key('x'))
  })

  on('a damaged value is told, and can be replaced', async (disk, reopen) => {
    const values = await reopen()
    await disk.makeDirectory(vector.path.split('/').slice(0, 2).join('/'))
    await disk.writeDurably(vector.path, Uint8Array.fromHex(vector.file).with(20, 1))
    await rejects(values.get(vectorPlace), { code: 'redis/value-damaged' })
    await values.set(vectorPlace, key('anew'))
    sameBytes(await values.get(vectorPlace), key('anew'))
  })
}

/** Two keys whose files lie in one directory. */
function siblings(): readonly [Uint8Array, Uint8Array] {
  const first = Uint8Array.of(0, 0)
  const [part] = blake3(first)
  for (let number = 1; ; number += 1) {
    const other = Uint8Array.of(number >> 8, number & 255)
    if (blake3(other)[0] === part) return [first, other]
  }
}

test('a full disk refuses what does not fit, and keeps what is there', async () => {
  const world = new SimulatedWorld('full')
  const disk = new SimulatedDisk({ world: world.fork('disk') })
  await world.run(async () => {
    const values = await openRedisValues({ disk, world, telemetry })
    const place = { db: 0, key: key('a') }
    await values.set(place, key('kept'))
    for (const bytesLeft of [0, 50_000]) {
      disk.full(bytesLeft)
      await rejects(values.set(place, new Uint8Array(60_000)), { code: 'redis/disk-full' })
    }
    sameBytes(await values.get(place), key('kept'))
  })
})

test('a disk that fails is told, and what was promised is there when it is back', async () => {
  const world = new SimulatedWorld('failing')
  const disk = new SimulatedDisk({ world: world.fork('disk') })
  await world.run(async () => {
    const values = await openRedisValues({ disk, world, telemetry })
    const place = { db: 0, key: key('a') }
    await values.set(place, key('kept'))
    disk.die()
    await rejects(values.get(place), { code: 'redis/disk' })
    await rejects(values.set(place, key('lost')), { code: 'redis/disk' })
    disk.revive()
    sameBytes(await values.get(place), key('kept'))
  })
})

const seeds = 150

test(`over ${seeds} seeds a cut or kill takes nothing that was promised, and shows nothing torn`, async () => {
  let interruptions = 0
  for (let seed = 0; seed < seeds; seed += 1) interruptions += await live(seed)
  ok(interruptions > seeds, `only ${interruptions} lives ended in the middle of work`)
})

/** What one key may have: what was promised last, or what was asked for since. `undefined` is no value. */
type Possible = Set<number | undefined>

async function live(seed: number): Promise<number> {
  const world = new SimulatedWorld(`values ${seed}`)
  const chance = world.fork('workload')
  let disk = new SimulatedDisk({ world: world.fork('disk') })
  const keys = Array.from({ length: 4 }, (_, number) => Uint8Array.of(number))
  const possible = new Map<number, Possible>(keys.map((_, at) => [at, new Set([undefined])]))
  let versions = 0
  let interruptions = 0
  await world.run(async () => {
    for (let round = 0; round < 3; round += 1) {
      const isPowerCut = chance.random() < 0.5
      let next: SimulatedDisk | undefined
      disk.interruptAt(1 + Math.floor(chance.random() * 60), () => {
        if (isPowerCut) disk.powerCut()
        next = disk.restart()
      })
      await work()
      if (next === undefined) disk.powerCut()
      else interruptions += 1
      disk = next ?? disk.restart()
      await look()
      // What is shown must stay, whatever comes next.
      disk.powerCut()
      disk = disk.restart()
      await look()
    }
  })
  return interruptions

  async function work(): Promise<void> {
    try {
      const values = await openRedisValues({ disk, world, telemetry })
      for (let step = 0; step < 8; step += 1) {
        const at = Math.floor(chance.random() * keys.length)
        const place = { db: 0, key: keys[at] ?? new Uint8Array(0) }
        const version = chance.random() < 0.25 ? undefined : ++versions
        possible.get(at)?.add(version)
        if (version === undefined) await values.delete(place)
        else await values.set(place, versioned(version))
        possible.set(at, new Set([version]))
      }
    } catch (error) {
      ok(isFault(error), String(error))
    }
  }

  async function look(): Promise<void> {
    const values = await openRedisValues({ disk, world, telemetry })
    for (const [at, key] of keys.entries()) {
      const found = await values.get({ db: 0, key })
      const version =
        found === undefined ? undefined : new DataView(found.buffer, found.byteOffset).getUint32(0)
      ok(possible.get(at)?.has(version), `seed ${seed}: key ${at} has ${version}`)
      if (version !== undefined) sameBytes(found, versioned(version))
      possible.set(at, new Set([version]))
    }
  }
}

function versioned(version: number): Uint8Array {
  const value = new Uint8Array(4 + ((version * 997) % 6_000)).fill(version)
  new DataView(value.buffer).setUint32(0, version)
  return value
}
