/** The values of our own server: one file each, below a directory for each database. What was set is on stable storage when `set` returns. */
import { toHex } from '#bytes/text'
import { blake3 } from '#crypto/blake3'
import type { Disk } from '#disk/disk'
import { FreeSpace } from '#disk/free-space'
import { TakingTurns } from '#disk/taking-turns'
import { isFault } from '#fault/fault'
import { valueFault } from '#redis/faults'
import { decodeValueFile, encodeValueFile, type ValuePlace } from '#redis/value-file'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface RedisValuesParts {
  /** Its root is the values' own. */
  readonly disk: Disk
  readonly world: Pick<World, 'monotonic'>
  readonly telemetry: Pick<Telemetry, 'damageFound'>
}

/** Makes the directory when there is none. `redis/disk` */
export async function openRedisValues(parts: RedisValuesParts): Promise<RedisValues> {
  const values = new RedisValues(parts)
  await values.makeRoot()
  return values
}

/** What happens to one key happens one after the other. Use `openRedisValues`. The disk stays the caller's. */
export class RedisValues {
  readonly #disk: Disk
  readonly #telemetry: Pick<Telemetry, 'damageFound'>
  readonly #space: FreeSpace
  readonly #turns = new TakingTurns<string>()
  /** Directories that are there, and whose names are durable: whoever was killed before may have left one that is not. */
  readonly #settled = new Map<string, Promise<void>>()

  constructor({ disk, world, telemetry }: RedisValuesParts) {
    this.#disk = disk
    this.#telemetry = telemetry
    this.#space = new FreeSpace(world, () => disk.capacity())
  }

  makeRoot(): Promise<void> {
    return guarded(() => this.#disk.makeDirectory(''))
  }

  /** In memory that is the caller's. `redis/value-damaged`, `redis/disk` */
  get(place: ValuePlace): Promise<Uint8Array | undefined> {
    const { directory, path } = pathOf(place)
    return this.#inTurn({ directory, path }, async () => {
      if (!(await this.#isSettled(directory))) return undefined
      const file = await this.#disk.read(path)
      return file && this.#open(place, file)
    })
  }

  /** Whether there is one: it is not read. `redis/disk` */
  has(place: ValuePlace): Promise<boolean> {
    const { directory, path } = pathOf(place)
    return this.#inTurn({ directory, path }, async () => {
      if (!(await this.#isSettled(directory))) return false
      return (await this.#disk.stat(path)) !== undefined
    })
  }

  /** After it returns, no power cut takes the value back; before, either this or the former one is left. `redis/disk-full`, `redis/disk` */
  set(place: ValuePlace, value: Uint8Array): Promise<void> {
    const { directory, path } = pathOf(place)
    return this.#inTurn({ directory, path }, async () => {
      const file = encodeValueFile(place, value)
      await this.#space.spend(file.length, async () => {
        await this.#settle(directory)
        await this.#disk.writeDurably(path, file)
      })
    })
  }

  /** True when there was one; as durable as `set`. `redis/disk` */
  delete(place: ValuePlace): Promise<boolean> {
    const { directory, path } = pathOf(place)
    return this.#inTurn({ directory, path }, async () => {
      if (!(await this.#isSettled(directory))) return false
      const existed = await this.#disk.remove(path)
      if (existed) await this.#disk.syncDirectory(directory)
      return existed
    })
  }

  /** Values of a database. Reads all its names. `redis/disk` */
  count(db: number): Promise<number> {
    return guarded(async () => {
      let count = 0
      for (const part of await this.#disk.list(String(db))) {
        const names = await this.#disk.list(`${db}/${part}`)
        count += names.filter((name) => nameForm.test(name)).length
      }
      return count
    })
  }

  #open(place: ValuePlace, file: Uint8Array): Uint8Array {
    try {
      return decodeValueFile(place, file)
    } catch (error) {
      if (isFault(error)) {
        const what = `value ${toHex(place.key)} of database ${place.db}`
        const reason = String(error.detail['reason'])
        this.#telemetry.damageFound({ node: 'hero-redis', what, reason })
      }
      throw error
    }
  }

  #inTurn<T>({ directory, path }: Location, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(path, async () => {
      try {
        return await guarded(work)
      } catch (error) {
        if (!isFault(error, 'redis/value-damaged')) this.#settled.delete(directory) // a name may be there that is not durable
        throw error
      }
    })
  }

  /** Makes the directory when there is none. */
  #settle(directory: string): Promise<void> {
    const known = this.#settled.get(directory)
    if (known !== undefined) return known
    const settling = this.#disk
      .makeDirectory(directory)
      .then(() => this.#disk.syncDirectory(directory))
    this.#settled.set(directory, settling)
    return settling
  }

  /** False when there is no such directory. */
  async #isSettled(directory: string): Promise<boolean> {
    const known = this.#settled.get(directory)
    if (known !== undefined) {
      await known
      return true
    }
    try {
      await this.#disk.syncDirectory(directory)
    } catch (error) {
      if (isFault(error, 'disk/not-found')) return false
      throw error
    }
    if (!this.#settled.has(directory)) this.#settled.set(directory, Promise.resolve())
    return true
  }
}

/** The BLAKE3 hash of the key in hex. One that is being written has a `~` behind it. */
const nameForm = /^[0-9a-f]{64}$/

interface Location {
  readonly directory: string
  readonly path: string
}

function pathOf({ db, key }: ValuePlace): Location {
  const name = toHex(blake3(key))
  const directory = `${db}/${name.slice(0, 2)}`
  return { directory, path: `${directory}/${name}` }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isFault(error) || !error.code.startsWith('disk/')) throw error
    const code = error.code === 'disk/full' ? 'redis/disk-full' : 'redis/disk'
    throw valueFault(code, { reason: error.code }, error)
  }
}
