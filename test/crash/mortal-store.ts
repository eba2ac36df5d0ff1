/**
 * A store that dies and is started again, over and over, in one data directory, beside the model of what its clients know. Each start looks
 * at everything first, so that what one death has done shows in the next life; `bury` looks a last time.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Generator } from '#world/generator'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { bucketOf } from '../s3-bucket.ts'
import { healthOf, until } from '../until.ts'
import { Lane } from './lane.ts'
import { look } from './look.ts'
import { Model } from './model.ts'
import type { Scene } from './points.ts'

export interface Crash {
  readonly point: string
  /** Which passing of the point is the last. */
  readonly time: number
  readonly scene: Exclude<Scene, 'birth'>
  readonly loss: Loss
}

/** What is lost in the crash as well. */
export type Loss = 'nothing' | 'database' | 'database and two nodes'

export interface Death {
  /** False when the point was not reached in time, and the process was killed at any moment instead. */
  readonly isAtPoint: boolean
  /** What clients had been promised in this life. */
  readonly acknowledged: number
}

const nodeCount = 6
const shape = ['--nodes', String(nodeCount), '--profile', '4+2']
/** Chunks of 4 MiB, so that bodies have several; a node whose directory is gone gets another one; and two gateways. */
const always = [
  ...[...shape, '--chunk-size', '4MiB', '--replace-lost'],
  ...['--gateways', '2', '--log', 'warn'],
]
const flagsOf: Partial<Record<Scene, readonly string[]>> = {
  snapshot: ['--snapshot-every', '1s'],
  collection: ['--gc-every', '1s', '--gc-grace', '1s', '--gc-rate', '1GB/s'],
}
const slowNode = new URL('../slow-node.ts', import.meta.url).href
/** How long a life lasts at most; a store that is idle would never die. */
const lifeMs = 12_000
const youthMs = 300
const laneNames = ['one', 'two', 'three']

export class MortalStore implements AsyncDisposable {
  readonly #data: string
  readonly #seed: string
  readonly #chance: Generator
  readonly #model = new Model()
  #lives = 0
  /** False from the loss of a node until all its shards are on another one. */
  #isWhole = true
  #former: Crash | undefined

  private constructor(data: string, seed: string) {
    this.#data = data
    this.#seed = seed
    this.#chance = new Generator(seed)
  }

  /** With a few objects in it. */
  static async make(seed: string): Promise<MortalStore> {
    const store = new MortalStore(await mkdtemp(join(tmpdir(), 'mycelium-crash-')), seed)
    await using first = await store.#start()
    await store.#check(first)
    await store.#work(first, youthMs)
    await first.kill()
    return store
  }

  /** Lives until the crash. Rejects when something acknowledged does not hold, or an operation fails while the process lives. */
  async live(crash: Crash): Promise<Death> {
    this.#lives += 1
    const before = this.#model.acknowledged
    const isAtPoint = await this.#liveAndDie(crash)
    this.#former = crash
    await this.#lose(crash.loss)
    return { isAtPoint, acknowledged: this.#model.acknowledged - before }
  }

  /** Looks a last time at what the last death has left. */
  async bury(): Promise<void> {
    await using store = await this.#start()
    await this.#check(store)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#data, { recursive: true, force: true })
  }

  async #liveAndDie(crash: Crash): Promise<boolean> {
    const armed = { MYCELIUM_KILL_AT: `${crash.point}:${crash.time}` }
    switch (crash.scene) {
      case 'rotation':
        return await this.#runAndDie(['keys', 'rotate', '--generation'], armed)
      case 'rebuild':
        if (this.#chance.random() < 0.5) await this.#removeDatabase()
        return await this.#rebuildAndDie(armed)
      case 'repair':
        await this.#loseNodes(1)
        return await this.#serveAndDie(crash, armed)
      case 'slowness':
      case 'traffic':
      case 'snapshot':
      case 'collection':
        return await this.#serveAndDie(crash, armed)
    }
  }

  async #serveAndDie({ scene }: Crash, armed: Record<string, string>): Promise<boolean> {
    const slowWhen = join(this.#data, 'slow')
    const env =
      scene === 'slowness'
        ? { NODE_OPTIONS: `--import ${slowNode}`, SLOW_NODE_WHEN: slowWhen, ...armed }
        : armed
    const store = await startUntilDeath(() => this.#start(flagsOf[scene] ?? [], env))
    if (store === undefined) return true
    try {
      await this.#check(store)
      if (scene === 'slowness') {
        this.#isWhole = false // shards may still be on their way when the process dies: no two nodes more
        await writeFile(slowWhen, '')
      }
      await this.#work(store, lifeMs)
    } catch (error) {
      if (error instanceof Contradiction || !(await isDead(store))) {
        await store.kill()
        throw error
      }
    }
    const isAtPoint = store.child.signalCode !== null
    await store.kill()
    await rm(slowWhen, { force: true })
    return isAtPoint
  }

  /** All lanes at once, until the first of them fails or the time is over. */
  async #work(store: RunningStore, ms: number): Promise<void> {
    const over = AbortSignal.timeout(ms)
    using bucket = bucketOf(store, 'mortal')
    const seed = `${this.#seed}/${this.#lives}`
    const lanes = laneNames.map((name) => new Lane({ bucket, model: this.#model, name, seed }))
    const results = await Promise.allSettled(lanes.map((lane) => lane.work(over)))
    const failure = results.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') throw failure.reason
  }

  async #check(store: RunningStore): Promise<void> {
    using bucket = bucketOf(store, 'mortal')
    await bucket.create()
    const { objects, uploadIds } = await look(bucket)
    const troubles = this.#model.learn(objects, uploadIds)
    if (troubles.length > 0) {
      const story = [`After ${tell(this.#former)}:`, ...troubles, store.output()]
      throw new Contradiction(story.join('\n'))
    }
    if (this.#isWhole) return
    await untilWhole(store)
    this.#isWhole = true
  }

  async #start(flags: readonly string[] = [], env: Record<string, string> = {}) {
    return await startStore({ data: this.#data, flags: [...always, ...flags], env })
  }

  async #runAndDie(command: readonly string[], armed: Record<string, string>): Promise<boolean> {
    const args = [...command, '--data', this.#data]
    const { code, stderr } = await runMycelium(args, { env: armed })
    if (code !== null && code !== 0) throw new Error(`${command.join(' ')}: ${code}\n${stderr}`)
    return code === null
  }

  async #rebuildAndDie(armed: Record<string, string>): Promise<boolean> {
    const hasDied = await this.#runAndDie(['rebuild'], armed)
    const names = await readdir(this.#data)
    if (!names.includes('metadata.sqlite')) await this.#rebuild()
    return hasDied
  }

  async #lose(loss: Loss): Promise<void> {
    if (loss === 'nothing') return
    await this.#removeDatabase()
    if (loss === 'database and two nodes') await this.#loseNodes(2)
    await this.#rebuild()
  }

  async #rebuild(): Promise<void> {
    await this.#runAndDie(['rebuild'], {})
  }

  async #removeDatabase(): Promise<void> {
    for (const name of ['metadata.sqlite', 'metadata.sqlite-wal', 'metadata.sqlite-shm'])
      await rm(join(this.#data, name), { force: true })
  }

  /** Not while former losses are unrepaired: the profile bears two. The first nodes hold the change log. */
  async #loseNodes(count: number): Promise<void> {
    if (!this.#isWhole) return
    this.#isWhole = false
    const first = this.#chance.next() % nodeCount
    for (let index = 0; index < count; index += 1) {
      const number = 1 + ((first + index) % nodeCount)
      await rm(join(this.#data, 'nodes', `node-0${number}`), { recursive: true, force: true })
    }
  }
}

/** What was promised does not hold. */
class Contradiction extends Error {}

export function tell(crash: Crash | undefined): string {
  if (crash === undefined) return 'birth'
  const { point, time, scene, loss } = crash
  return `${scene} ended at ${point}:${time}, and the loss of ${loss}`
}

/** `undefined` when the process was killed before its doors were open. */
async function startUntilDeath(
  start: () => Promise<RunningStore>,
): Promise<RunningStore | undefined> {
  try {
    return await start()
  } catch (error) {
    if (error instanceof Error && error.message.includes('ended with null')) return undefined
    throw error
  }
}

/** An operation that fails because the process died is no failure; that shows at once, or in a moment. */
async function isDead({ child }: RunningStore): Promise<boolean> {
  const patience = AbortSignal.timeout(5_000)
  while (child.exitCode === null && child.signalCode === null && !patience.aborted)
    await setTimeout(10)
  return child.signalCode !== null
}

async function untilWhole(store: RunningStore): Promise<void> {
  await until(
    () => healthOf(store),
    ({ repairQueue, nodesDown }) => repairQueue === 0 && nodesDown === 0,
  )
}
