/** What a seed decides before anything runs: how large the store is, who uses it how, and which kinds of faults it meets. */
import { geometryFor, pageBytes, stripePlainBytes } from '#chunk/geometry'
import type { Profile } from '#erasure/profile'
import type { World } from '#world/world'

/** Faults of the fault list, as the nemesis does them. Each seed has some kinds and not others, so that bugs find no shelter behind them. */
export const faultKinds = [
  'power-cut',
  'process-killed',
  'crash-point',
  'node-wiped',
  'node-dead',
  'node-stale',
  'shard-rot',
  'log-rot',
  'stage-rot',
  'file-rot',
  'sync-fails',
  'disk-full',
  'node-slow',
  'line-lossy',
  'line-cut',
  'clock-jump',
  'database-lost',
  'database-old',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** A promise that a store breaks without a word, for the simulation to find out. */
export type Sabotage =
  | 'syncs do nothing'
  | 'one copy of the log'
  | 'one copy on the stage'
  | 'answers before the log'
  | 'grace without activities'

export interface Scenario {
  readonly profile: Profile
  readonly nodes: number
  /** 4 KiB blocks, so that small bodies have several stripes and chunks. */
  readonly slotBytes: number
  readonly slots: number
  readonly chunkBytes: number
  /** Threads between clients and the store; 0: clients call it. */
  readonly gateways: number
  readonly clients: number
  readonly operationsPerClient: number
  /** Between a client's operations, on average. */
  readonly thinkMs: number
  readonly bodyBytesMax: number
  /** Of bodies, how many are small enough to be packed, beside those that happen to be. */
  readonly smallShare: number
  /** How often the store stops and starts again while clients work. */
  readonly episodes: number
  readonly faults: ReadonlySet<FaultKind>
  /** Between the nemesis's deeds, on average. */
  readonly faultEveryMs: number
  readonly collectEveryMs: number
  readonly graceMs: number
  readonly snapshotEveryMs: number
  readonly packAgeMs: number
  readonly sabotage?: Sabotage | undefined
}

const profiles: readonly { readonly profile: Profile; readonly share: number }[] = [
  { profile: { data: 2, parity: 1 }, share: 0.55 },
  { profile: { data: 4, parity: 2 }, share: 0.4 },
  { profile: { data: 10, parity: 4 }, share: 0.05 },
]

export function drawScenario(world: World): Scenario {
  const profile = drawProfile(world)
  const columns = profile.data + profile.parity
  const slotBytes = columns * pageBytes
  const stripeBytes = stripePlainBytes(geometryFor(profile, slotBytes))
  const stripes = 1 + Math.floor(world.random() * 2)
  const isLarge = columns > 6
  const thinkMs = between(world, 1, 4_000)
  return {
    profile,
    nodes: columns + pick(world, [0, 0, 1, 1, 2]),
    slotBytes,
    slots: 4 + Math.floor(world.random() * 12),
    chunkBytes: stripes * stripeBytes,
    clients: isLarge ? 2 : 2 + Math.floor(world.random() * 3),
    operationsPerClient: isLarge ? 8 : 8 + Math.floor(world.random() * 10),
    thinkMs,
    bodyBytesMax: (isLarge ? 1.2 : 2.5) * stripes * stripeBytes,
    smallShare: pick(world, [0, 0.2, 0.9]),
    episodes: 1 + Math.floor(world.random() * 5),
    faults: drawFaults(world),
    faultEveryMs: thinkMs * between(world, 0.5, 4),
    // In some stores garbage is collected again and again while bodies are still on their way.
    collectEveryMs: thinkMs * (chance(world, 0.3) ? between(world, 0.1, 2) : between(world, 2, 20)),
    graceMs: thinkMs * between(world, 0.01, 3),
    packAgeMs: thinkMs * between(world, 0.5, 20),
    gateways: pick(world, [0, 0, 1, 2]),
    snapshotEveryMs: chance(world, 0.3)
      ? Number.POSITIVE_INFINITY
      : thinkMs * between(world, 2, 40),
  }
}

function drawProfile(world: World): Profile {
  let rest = world.random()
  for (const { profile, share } of profiles) {
    if (rest < share) return profile
    rest -= share
  }
  return { data: 2, parity: 1 }
}

/** One seed in ten has none, so that what fails there fails without any fault. */
function drawFaults(world: World): ReadonlySet<FaultKind> {
  if (world.random() < 0.1) return new Set()
  const share = world.random()
  return new Set(faultKinds.filter(() => world.random() < share))
}

/** Between two positive numbers, every order of magnitude as likely. */
export function between(world: World, least: number, most: number): number {
  return least * (most / least) ** world.random()
}

export function pick<T>(world: World, from: readonly [T, ...T[]]): T
export function pick<T>(world: World, from: readonly T[]): T | undefined
export function pick<T>(world: World, from: readonly T[]): T | undefined {
  return from[Math.floor(world.random() * from.length)]
}

export function chance(world: World, share: number): boolean {
  return world.random() < share
}
