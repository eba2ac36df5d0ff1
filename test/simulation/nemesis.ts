/**
 * Whoever breaks things: draws faults from the seed, within what the store promises to survive. At most m shards of any chunk are lost
 * at once and the log's newest frames stay on one node at least, so that a loss is always the store's mistake and never ours.
 */
import { readFileSync } from 'node:fs'
import { readState } from '#changelog/state'
import { isFault } from '#fault/fault'
import type { ShardId } from '#shard/shard-id'
import type { SqliteMemory } from '#sql/sqlite-memory'
import type { SimulatedWorld } from '#world/simulated'
import {
  holdsKeyring,
  holdsShard,
  newestLogged,
  type Survey,
  shardPath,
  stagedOn,
  survey,
  survives,
} from './ground-truth.ts'
import type { Hardware, NodeMachine } from './hardware.ts'
import type { History } from './history.ts'
import { between, chance, type FaultKind, pick, type Scenario } from './scenario.ts'
import type { Site } from './site.ts'
import { describe, type Stage } from './stage.ts'
import type { Running } from './store-process.ts'

/** Where a crash hurts most: the points that a running store passes. */
const crashPoints: readonly string[] = [
  ...readFileSync(new URL('../../docs/operate/crash-points.md', import.meta.url), 'utf8').matchAll(
    /^\| `((?:store|shard|changelog|gc|repair)\/[a-z-]+)`/gm,
  ),
].map(([, point]) => String(point))

/** What takes bytes away for good. */
const strikes = [
  'node-stale',
  'node-wiped',
  'shard-rot',
  'log-rot',
  'stage-rot',
  'file-rot',
] as const

const roomyBytes = 2 ** 30
/** Then a process has peace: it may be waiting for something that takes long. */
const deedsMax = 60
const startAttemptsMax = 30

export interface NemesisParts {
  readonly site: Site
  readonly stage: Stage
  readonly scenario: Scenario
  readonly history: History
}

export class Nemesis {
  readonly injected = new Map<FaultKind, number>()
  /** When bytes were lost last (monotonic ms). */
  lastStrikeAt = Number.NEGATIVE_INFINITY
  readonly #world: SimulatedWorld
  readonly #site: Site
  readonly #stage: Stage
  readonly #scenario: Scenario
  readonly #history: History
  readonly #hardware: Hardware
  readonly #impairedMax: number
  readonly #impaired = new Set<NodeMachine>()
  /** When a node last lost part of its log or its small files, until a snapshot has made up for it. */
  readonly #damagedAt = new Map<NodeMachine, number>()
  /** Disks as they were at some earlier time. */
  readonly #images = new Map<NodeMachine, NodeMachine['disk']>()
  #oldDatabase: SqliteMemory | undefined
  /** The true database, while another one, or none, is in its place. */
  #lostDatabase: SqliteMemory | undefined
  #hasWiped = false
  #isOver = false

  constructor(world: SimulatedWorld, { site, stage, scenario, history }: NemesisParts) {
    this.#world = world
    this.#site = site
    this.#stage = stage
    this.#scenario = scenario
    this.#history = history
    this.#hardware = site.hardware
    this.#impairedMax = chance(world, 0.75) ? scenario.profile.parity : scenario.nodes
    site.onSnapshot = (begunAt) => {
      for (const [node, at] of this.#damagedAt) if (at < begunAt) this.#damagedAt.delete(node)
    }
  }

  /** Disturbs the running store until it is dead or `isOver`. */
  async torment(isOver: () => boolean): Promise<void> {
    const { running } = this.#site
    const kinds = [...this.#scenario.faults]
    for (let deeds = 0; deeds < deedsMax; deeds += 1) {
      await this.#world.sleep(between(this.#world, 0.1, 3) * this.#scenario.faultEveryMs)
      if (this.#site.running !== running || running === undefined || isOver()) return
      const kind = pick(this.#world, kinds)
      if (kind !== undefined) await this.#disturb(kind)
    }
  }

  /** Decides when this process is to die. */
  planCrash(operations: number): void {
    const { faults } = this.#scenario
    const hasPower = faults.has('power-cut')
    const isPowerCut = hasPower && (!faults.has('process-killed') || chance(this.#world, 0.6))
    if (faults.has('crash-point') && chance(this.#world, 0.7)) {
      const point = chance(this.#world, 0.7) ? pick(this.#world, crashPoints) : undefined
      const passings = Math.ceil(between(this.#world, 0.5, point === undefined ? 60 : 12))
      this.#site.plan = { point, passings, isPowerCut }
    }
    const { running } = this.#site
    const { thinkMs } = this.#scenario
    // Half of the crashes come right behind an answer: whatever was answered too early is lost then.
    const have = chance(this.#world, 0.4) ? 'begun' : 'ended'
    const delayMs =
      have === 'ended' ? this.#world.random() * 0.3 : between(this.#world, 0.05, thinkMs)
    const act = async (): Promise<void> => {
      if (have === 'begun' || chance(this.#world, 0.5)) await this.#world.sleep(delayMs)
      if (this.#site.running !== running || running === undefined || this.#isOver) return
      this.#count(isPowerCut ? 'power-cut' : 'process-killed')
      this.#site.crash({
        isPowerCut,
        why: `${delayMs.toFixed(3)} ms after an operation has ${have}`,
      })
    }
    this.#stage.when({ have, operations: this.#stage[have] + operations, act })
  }

  /** What befalls the hardware while nothing runs on it. */
  async befall(): Promise<void> {
    const { faults } = this.#scenario
    for (const kind of strikes)
      if (faults.has(kind) && chance(this.#world, 0.4))
        await this.#strike(kind, { isRunning: false })
    // What is half done in the change log matters only when the database is lost with it.
    const share = this.#site.lastCrash.startsWith('at changelog/') ? 0.9 : 0.5
    if (faults.has('database-lost') && chance(this.#world, share))
      await this.#loseDatabase(undefined)
    if (faults.has('database-old') && chance(this.#world, 0.5))
      await this.#loseDatabase(this.#oldDatabase)
    for (const node of this.#hardware.nodes)
      if (faults.has('node-stale') && chance(this.#world, 0.3)) this.#takeImage(node)
    if (faults.has('database-old') && this.#lostDatabase === undefined)
      this.#oldDatabase ??= this.#hardware.database.copy()
  }

  /** What will be the node's old content. */
  #takeImage(node: NodeMachine | undefined): void {
    if (node !== undefined) this.#images.set(node, node.disk.copy())
  }

  /** Brings the store up again, as its operator would: repairs what it refuses to start with. */
  async restart(): Promise<Running | undefined> {
    for (let attempt = 0; attempt < startAttemptsMax; attempt += 1) {
      if (this.#lostDatabase !== undefined && !(await this.#recover(this.#lostDatabase))) continue
      this.#hasWiped = false
      const keyChange = chance(this.#world, 0.9) ? undefined : 'new generation'
      const started = await this.#interrupting(() => this.#site.start({ keyChange }))
      if (started !== undefined && !isFault(started)) return started
      if (started === undefined) continue // it died while starting
      this.#history.say(`the store does not start: ${describe(started)}`)
      this.#site.crash({ isPowerCut: false, why: 'it did not start' })
      if (!isFault(started, 'changelog/unavailable'))
        this.#history.violate(`the store does not start: ${describe(started)}`)
      if (attempt > 3) this.heal()
      await this.#world.sleep(5_000)
    }
    this.#history.violate('the store never starts')
    return undefined
  }

  /** Breaks nothing any more, whatever was planned. */
  end(): void {
    this.#isOver = true
    this.#site.plan = undefined
    this.heal()
  }

  /** Everything works again; what is lost stays lost. */
  heal(): void {
    for (const node of this.#hardware.nodes) this.#heal(node)
  }

  #heal(node: NodeMachine): void {
    Object.assign(node.line, { state: 'well', lossShare: 0, delayShare: 0 })
    node.disk.full(roomyBytes)
    node.disk.slow(0)
    node.disk.failNextSync(0)
    node.disk.revive()
    node.isDead = false
    node.mayBeEmpty = true
    this.#impaired.delete(node)
  }

  async #disturb(kind: FaultKind): Promise<void> {
    switch (kind) {
      case 'node-wiped':
      case 'shard-rot':
      case 'log-rot':
      case 'stage-rot':
      case 'file-rot':
        return await this.#strike(kind, { isRunning: true })
      case 'node-dead':
      case 'node-slow':
      case 'disk-full':
      case 'line-lossy':
      case 'line-cut':
        return this.#impair(kind)
      case 'sync-fails':
        this.#count(kind)
        return pick(this.#world, this.#hardware.nodes)?.disk.failNextSync(
          pick(this.#world, [1, 1, 2]),
        )
      case 'clock-jump': {
        const ms = Math.floor((this.#world.random() - 0.5) * between(this.#world, 1_000, 1e9))
        this.#count(kind, `by ${ms} ms`)
        return this.#site.clock?.jump(ms)
      }
      case 'node-stale':
        return this.#takeImage(pick(this.#world, this.#hardware.nodes))
      case 'database-old':
        this.#oldDatabase = this.#hardware.database.copy()
        return
      case 'power-cut':
      case 'process-killed':
      case 'crash-point':
      case 'database-lost':
        return // only between two processes
    }
  }

  /** Something that passes: the node is as before when it is over. */
  #impair(
    kind: 'node-dead' | 'node-slow' | 'disk-full' | 'line-lossy' | 'line-cut',
    node = pick(this.#world, this.#hardware.nodes),
  ): void {
    if (node === undefined || this.#impaired.has(node)) return
    if (this.#impaired.size >= this.#impairedMax) return
    this.#impaired.add(node)
    const { line, disk } = node
    switch (kind) {
      case 'node-dead':
        node.isDead = true
        disk.die()
        break
      case 'node-slow':
        disk.slow(between(this.#world, 5, 20_000))
        break
      case 'disk-full':
        disk.full(Math.floor(between(this.#world, 1, 100_000)))
        break
      case 'line-lossy':
        line.lossShare = this.#world.random() * 0.4
        line.delayShare = this.#world.random() * 0.5
        line.delayMs = between(this.#world, 1, 5_000)
        break
      case 'line-cut':
        line.state = chance(this.#world, 0.5) ? 'deaf' : 'mute'
        break
    }
    this.#count(kind, node.id)
    void this.#healLater(node, between(this.#world, 0.5, 20) * this.#scenario.faultEveryMs)
  }

  async #healLater(node: NodeMachine, ms: number): Promise<void> {
    await this.#world.sleep(ms)
    if (!this.#impaired.has(node)) return
    this.#history.say(`${node.id} is well again`)
    this.#heal(node)
  }

  /** Something that stays: bytes are lost. */
  async #strike(
    kind: (typeof strikes)[number],
    { isRunning }: { readonly isRunning: boolean },
  ): Promise<void> {
    // What is being written is protected against one loss more, and no survey shows it.
    const victimsMax = isRunning ? 1 : this.#scenario.profile.parity
    const from = kind === 'node-stale' ? [...this.#images.keys()] : this.#hardware.nodes
    const victims = this.#drawNodes(from, 1 + Math.floor(this.#world.random() * victimsMax))
    switch (kind) {
      case 'node-wiped':
        return await this.#wipe(victims, { isRunning })
      case 'node-stale':
        return await this.#setBack(victims)
      case 'shard-rot':
        return await this.#rotShards(victims)
      case 'log-rot':
        return this.#rotFiles(kind, 'log', victims)
      case 'stage-rot':
        return await this.#rotStage(victims)
      case 'file-rot':
        return this.#rotFiles(kind, 'files', victims)
    }
  }

  async #wipe(
    victims: readonly NodeMachine[],
    { isRunning }: { readonly isRunning: boolean },
  ): Promise<void> {
    if (isRunning && this.#hasWiped) return
    const found = await this.#survey()
    const isVictim = (node: NodeMachine): boolean => victims.includes(node)
    if (!survives(found, { hasShard: isVictim, hasFrame: isVictim })) return
    if (isRunning) this.#hasWiped = true
    for (const node of victims) {
      this.#count('node-wiped', node.id)
      this.#damage(node)
      node.disk.wipe()
      node.mayBeEmpty = chance(this.#world, 0.6)
      if (!node.mayBeEmpty) void this.#replaceLater(node)
    }
  }

  /** The operator puts an empty disk in the place of the lost one. */
  async #replaceLater(node: NodeMachine): Promise<void> {
    await this.#world.sleep(between(this.#world, 0.5, 20) * this.#scenario.faultEveryMs)
    this.#history.say(`${node.id} gets an empty disk`)
    node.mayBeEmpty = true
  }

  /** A node comes back as it was at some earlier time. */
  async #setBack(victims: readonly NodeMachine[]): Promise<void> {
    const found = await this.#survey()
    const imaged = victims.filter((node) => this.#images.has(node))
    const imageOf = (node: NodeMachine): NodeMachine['disk'] | undefined =>
      imaged.includes(node) ? this.#images.get(node) : undefined
    const hasShard = (node: NodeMachine, id: ShardId): boolean => {
      const image = imageOf(node)
      return image !== undefined && !holdsShard(image, id) // it may have been taken of a rotten one
    }
    const hasFrame = (node: NodeMachine, name: string): boolean => {
      const image = imageOf(node)
      return image !== undefined && !stagedOn(image).has(name)
    }
    if (imaged.length === 0 || !survives(found, { hasShard, hasFrame })) return
    for (const node of imaged) {
      const image = this.#images.get(node)
      if (image === undefined) continue
      this.#count('node-stale', node.id)
      this.#damage(node)
      node.disk = image.copy()
      node.disk.full(roomyBytes)
      if (node.isDead) node.disk.die()
    }
  }

  async #rotShards(victims: readonly NodeMachine[]): Promise<void> {
    const found = await this.#survey()
    const { chunks } = found
    const rotten = new Set<string>()
    for (const { whole } of chunks)
      for (const { node, id } of whole)
        if (victims.includes(node) && chance(this.#world, 0.3)) rotten.add(`${node.id} ${id}`)
    if (!survives(found, { hasShard: (node, id) => rotten.has(`${node.id} ${id}`) })) return
    for (const { whole } of chunks)
      for (const { node, id } of whole) {
        if (!rotten.has(`${node.id} ${id}`)) continue
        this.lastStrikeAt = this.#world.monotonic()
        this.#count('shard-rot', `${node.id} ${id.slice(0, 8)}`)
        node.disk.rot(shardPath(id), 1 + Math.floor(this.#world.random() * 3))
      }
  }

  #survey(): Promise<Survey> {
    return survey(this.#hardware, {
      database: this.#lostDatabase,
      openPacks: this.#site.running?.store.openPacks,
    })
  }

  /** A frame that is rotten counts as lost with all it holds. */
  async #rotStage(victims: readonly NodeMachine[]): Promise<void> {
    const found = await this.#survey()
    const [node] = victims
    if (node === undefined || !survives(found, { hasFrame: (one) => one === node })) return
    this.#rotFiles('stage-rot', 'stage', [node])
  }

  #rotFiles(
    kind: 'log-rot' | 'stage-rot' | 'file-rot',
    directory: 'log' | 'stage' | 'files',
    victims: readonly NodeMachine[],
  ): void {
    for (const node of victims) {
      const name = pick(this.#world, node.disk.peekNames(directory))
      if (name === undefined) continue
      this.#count(kind, `${node.id} ${directory}/${name}`)
      this.#damage(node)
      node.disk.rot(`${directory}/${name}`, 1 + Math.floor(this.#world.random() * 3))
    }
  }

  /** The database is gone, or an older copy lies in its place: if the nodes that are there can make up for it. */
  async #loseDatabase(copy: SqliteMemory | undefined): Promise<void> {
    if (this.#lostDatabase !== undefined) return
    if (chance(this.#world, 0.5)) for (const node of this.#hardware.nodes) this.#heal(node)
    for (const node of this.#hardware.nodes) if (!node.isDead) this.#heal(node)
    if (chance(this.#world, 0.6)) this.#hideNewest()
    const absent = this.#hardware.nodes.filter(({ isDead }) => isDead)
    const doubtful = new Set([...absent, ...this.#damagedAt.keys()])
    const found = await this.#survey()
    if (doubtful.size > this.#scenario.profile.parity) return
    const isDead = (node: NodeMachine): boolean => node.isDead
    if (!survives(found, { hasShard: isDead, hasFrame: isDead })) return
    const isWithKeyring = chance(this.#world, 0.5)
    if (
      isWithKeyring &&
      !this.#hardware.nodes.some((node) => !node.isDead && holdsKeyring(this.#hardware, node))
    )
      return
    const kind = copy === undefined ? 'database-lost' : 'database-old'
    const { known, newest } = await this.#knowledge(copy)
    if (newest <= known) return
    this.#count(kind, `known up to ${known}, nodes up to ${newest}`)
    this.#lostDatabase = this.#hardware.database
    this.#hardware.loseDatabase(copy?.copy())
    if (isWithKeyring) this.#hardware.keyring = undefined
  }

  /** Begins a start or a rebuild, and now and then does not let it end. */
  async #interrupting<T>(begin: () => Promise<T>): Promise<T> {
    const { faults } = this.#scenario
    const kinds = (['power-cut', 'process-killed'] as const).filter((kind) => faults.has(kind))
    const kind = pick(this.#world, kinds)
    const begun = begin()
    if (kind !== undefined && !this.#isOver && chance(this.#world, 0.25)) void this.#interrupt(kind)
    return await begun
  }

  async #interrupt(kind: 'power-cut' | 'process-killed'): Promise<void> {
    const { life } = this.#site
    await this.#world.sleep(between(this.#world, 0.2, 15))
    if (this.#site.life !== life || this.#site.running !== undefined) return
    this.#count(kind)
    this.#site.crash({ isPowerCut: kind === 'power-cut', why: 'while it was starting' })
  }

  /** Machines that alone hold the newest frames do not come up with the others: what nobody was told of is lost, and turns up later. */
  #hideNewest(): void {
    const newest = this.#hardware.nodes.map((node) => ({ node, last: newestLogged([node]) }))
    const highest = newest.reduce((most, { last }) => (last > most ? last : most), 0n)
    const holders = newest.filter(({ last }) => last === highest).map(({ node }) => node)
    const absent = new Set([...holders, ...this.#damagedAt.keys()])
    for (const node of this.#hardware.nodes) if (node.isDead) absent.add(node)
    if (absent.size > this.#scenario.profile.parity) return
    for (const node of holders) this.#impair('node-dead', node)
  }

  /** The store must refuse to start; then the database is rebuilt, or found again. False when the machine crashed on the way. */
  async #recover(lost: SqliteMemory): Promise<boolean> {
    const { known, newest } = await this.#knowledge(this.#hardware.database)
    const started = await this.#interrupting(() => this.#site.start())
    if (started === undefined) return false
    this.#site.crash({ isPowerCut: false, why: 'the guard has spoken' })
    if (!isFault(started, 'changelog/database-missing', 'changelog/database-older')) {
      const told = isFault(started) ? describe(started) : 'it starts'
      // A frame that a killed process had written but not synced may have gone with the power since: then nothing speaks against this database.
      if (!isFault(started) && newest <= known) this.#history.say(`${told}: no node knows more`)
      else {
        this.#history.violate(`the database is not the store's, but ${told}`)
        this.#hardware.loseDatabase(lost)
      }
      this.#lostDatabase = undefined
      return true
    }
    this.#history.say(`refused: ${describe(started)}`)
    if (chance(this.#world, 0.2)) {
      this.#history.say('the database was found again')
      this.#hardware.loseDatabase(lost)
    } else if (!(await this.#interrupting(() => this.#site.rebuild(lost)))) return false
    this.#lostDatabase = undefined
    this.#oldDatabase = undefined
    return true
  }

  /** The newest change that a database knows, and the newest that a node which is there holds. */
  async #knowledge(
    database: SqliteMemory | undefined,
  ): Promise<{ readonly known: bigint; readonly newest: bigint }> {
    return {
      known: (database && (await committedIn(database))) ?? 0n,
      newest: newestLogged(this.#hardware.nodes.filter(({ isDead }) => !isDead)),
    }
  }

  /** Whether only a snapshot can make good what the nodes have lost of the log. */
  get isLogDoubtful(): boolean {
    return this.#damagedAt.size > this.#scenario.profile.parity
  }

  #drawNodes(from: readonly NodeMachine[], count: number): readonly NodeMachine[] {
    const rest = [...from]
    return Array.from({ length: count }, () =>
      rest.splice(Math.floor(this.#world.random() * rest.length), 1),
    ).flat()
  }

  #damage(node: NodeMachine): void {
    this.lastStrikeAt = this.#world.monotonic()
    this.#damagedAt.set(node, this.#world.monotonic())
  }

  #count(kind: FaultKind, detail = ''): void {
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1)
    this.#history.say(`FAULT ${kind} ${detail}`)
  }
}

async function committedIn(database: SqliteMemory): Promise<bigint | undefined> {
  return (await database.inspect(readState))?.committed
}
