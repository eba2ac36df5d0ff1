/** One seed: a whole store, its clients and its misfortunes, from birth to verdict. */
import { isFault } from '#fault/fault'
import { SimulatedWorld } from '#world/simulated'
import { runClient } from './client.ts'
import { Hardware } from './hardware.ts'
import { History } from './history.ts'
import { Nemesis } from './nemesis.ts'
import { fleetingPlace, steadyBucket, steadyPlaces } from './place.ts'
import { PromiseWatch } from './promise-watch.ts'
import { drawScenario, type FaultKind, type Sabotage, type Scenario } from './scenario.ts'
import { Site } from './site.ts'
import { describe, Stage } from './stage.ts'
import { passVerdict } from './verdict.ts'

/** A run that takes longer, in simulated time or in steps, has hung. */
const runMsMax = 6 * 3_600_000
const stepsMax = 400_000

export interface SeedReport {
  readonly seed: number
  readonly scenario: Scenario
  readonly violations: readonly string[]
  readonly lastLines: readonly string[]
  /** Of the whole history: equal for equal runs. */
  readonly hash: string
  readonly operations: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly crashPoints: ReadonlyMap<string, number>
  readonly processes: number
  readonly rebuilds: number
  readonly simulatedMs: number
  readonly steps: number
}

export async function runSeed(
  seed: number,
  {
    print,
    sabotage,
  }: { readonly print?: (line: string) => void; readonly sabotage?: Sabotage } = {},
): Promise<SeedReport> {
  const world = new SimulatedWorld(`simulation ${seed}`)
  const scenario = { ...drawScenario(world.fork('scenario')), sabotage }
  const history = new History(world, print)
  const play = new Play(world, { scenario, history })
  const onUncaught = (error: unknown): void =>
    history.violate(`nobody catches ${error instanceof Error ? error.stack : String(error)}`)
  process.on('unhandledRejection', onUncaught)
  try {
    await world.run(() => Promise.race([play.run(), hang(world, history)]))
  } catch (error) {
    history.violate(`the run broke: ${error instanceof Error ? error.stack : String(error)}`)
  } finally {
    process.off('unhandledRejection', onUncaught)
  }
  history.judge()
  return {
    seed,
    scenario,
    violations: history.violations,
    lastLines: history.lastLines,
    hash: history.hash(),
    operations: history.operations,
    outcomes: play.stage.outcomes,
    faults: play.nemesis.injected,
    crashPoints: play.site.pointsPassed,
    processes: play.site.processes,
    rebuilds: play.site.rebuilds,
    simulatedMs: world.monotonic(),
    steps: world.steps,
  }
}

/** What a person needs to go on. */
export function describeFailure({ seed, violations, lastLines }: SeedReport): string {
  const lines = lastLines.slice(-60).join('\n')
  return `seed ${seed}: npm run simulate -- --seed ${seed}\n\n${violations.join('\n')}\n\n${lines}`
}

async function hang(world: SimulatedWorld, history: History): Promise<void> {
  while (world.monotonic() < runMsMax && world.steps < stepsMax) await world.sleep(10_000)
  history.violate(`hung; still open: ${history.openCalls.map(({ text }) => text).join('; ')}`)
}

class Play {
  readonly site: Site
  readonly nemesis: Nemesis
  readonly stage: Stage
  readonly #history: History
  readonly #scenario: Scenario

  constructor(
    world: SimulatedWorld,
    { scenario, history }: { readonly scenario: Scenario; readonly history: History },
  ) {
    const hardware = new Hardware(world.fork('hardware'), scenario.nodes)
    this.#history = history
    this.#scenario = scenario
    this.stage = new Stage(world.fork('stage'), history, scenario)
    const stage = this.stage
    this.site = new Site(world.fork('site'), { hardware, history, scenario, stage })
    const parts = { site: this.site, stage, scenario, history }
    this.nemesis = new Nemesis(world.fork('nemesis'), parts)
    const watch = new PromiseWatch(world.fork('watch'), { ...parts, nemesis: this.nemesis })
    stage.onTold = (info, told) => watch.tell(info, told)
  }

  async run(): Promise<void> {
    const { site, nemesis } = this
    this.#history.say(printScenario(this.#scenario))
    const first = await site.start()
    if (first === undefined || isFault(first))
      return this.#history.violate(`the store is not born: ${first && describe(first)}`)
    await first.objects.createBucket(steadyBucket)
    for (const { cell } of steadyPlaces) this.#history.declare(cell, { hasBucket: true })
    this.#history.declare(fleetingPlace.cell, { hasBucket: false })
    await this.#work()
    nemesis.end()
    const last = site.running ?? (await nemesis.restart())
    if (last === undefined) return
    const parts = { site, stage: this.stage, history: this.#history }
    await passVerdict(last, { ...parts, mustSnapshot: nemesis.isLogDoubtful })
  }

  /** Clients work; the store lives and dies under them until they are done. */
  async #work(): Promise<void> {
    const { clients, operationsPerClient, episodes } = this.#scenario
    let isDone = false
    const working = Promise.all(
      Array.from({ length: clients }, (_, index) => runClient(this.stage, `c${index + 1}`)),
    ).then(() => {
      isDone = true
    })
    for (let episode = 1; !isDone; episode += 1) {
      if (this.site.running === undefined && (await this.nemesis.restart()) === undefined) return
      const isLast = episode >= episodes || !this.#mayCrash()
      if (!isLast) this.nemesis.planCrash((clients * operationsPerClient) / episodes)
      await Promise.race([this.nemesis.torment(() => isDone), working, this.site.ended()])
      if (isDone) return
      if (this.site.running !== undefined) await Promise.race([working, this.site.ended()])
      if (!isDone) await this.nemesis.befall()
    }
  }

  #mayCrash(): boolean {
    const { faults } = this.#scenario
    const kinds = [
      'power-cut',
      'process-killed',
      'crash-point',
      'database-lost',
      'database-old',
    ] as const
    return kinds.some((kind) => faults.has(kind))
  }
}

export function printScenario(scenario: Scenario): string {
  const { profile, nodes, clients, operationsPerClient, episodes, faults } = scenario
  const kinds = [...faults].join(' ') || 'none'
  return `${profile.data}+${profile.parity} on ${nodes} nodes, ${clients} clients of ${operationsPerClient} deeds, ${episodes} episodes; faults: ${kinds}`
}
