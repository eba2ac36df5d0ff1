/** Where runs are cut short: every crash point of the program, what must be going on for it to be passed, and how often it may be passed before. */

/**
 * What a run does until it dies: clients write (`traffic`), with snapshots or garbage collection often, with a node's directory gone
 * (`repair`), with one node slow (`slowness`); a store is begun (`birth`), its keys are rotated, its database is rebuilt.
 */
export type Scene =
  | 'traffic'
  | 'snapshot'
  | 'collection'
  | 'repair'
  | 'slowness'
  | 'birth'
  | 'rotation'
  | 'rebuild'

export interface CrashPoint {
  readonly name: string
  readonly scene: Scene
  /** The process dies when it passes for the nth time, n from 1 to this. */
  readonly timesMax: number
}

export const crashPoints: readonly CrashPoint[] = [
  { name: 'store/stripe-sealed', scene: 'traffic', timesMax: 12 },
  { name: 'shard/named', scene: 'traffic', timesMax: 80 },
  { name: 'store/chunk-durable', scene: 'traffic', timesMax: 15 },
  { name: 'store/late-shard-durable', scene: 'slowness', timesMax: 3 },
  { name: 'changelog/decided', scene: 'traffic', timesMax: 12 },
  { name: 'changelog/committed', scene: 'traffic', timesMax: 12 },
  { name: 'store/frame-staged', scene: 'traffic', timesMax: 30 },
  { name: 'store/staged', scene: 'traffic', timesMax: 12 },
  { name: 'store/pack-written', scene: 'traffic', timesMax: 1 },
  { name: 'store/pack-recorded', scene: 'traffic', timesMax: 1 },
  { name: 'changelog/frame-appended', scene: 'traffic', timesMax: 30 },
  { name: 'changelog/logged', scene: 'traffic', timesMax: 12 },
  { name: 'changelog/snapshot-written', scene: 'snapshot', timesMax: 1 },
  { name: 'changelog/snapshot-recorded', scene: 'snapshot', timesMax: 1 },
  { name: 'changelog/snapshot-pointed', scene: 'snapshot', timesMax: 6 },
  { name: 'changelog/snapshot-published', scene: 'snapshot', timesMax: 1 },
  { name: 'changelog/snapshot-retired', scene: 'snapshot', timesMax: 1 },
  { name: 'changelog/log-cut', scene: 'snapshot', timesMax: 6 },
  { name: 'gc/run-rewritten', scene: 'collection', timesMax: 1 },
  { name: 'gc/chunks-forgotten', scene: 'collection', timesMax: 1 },
  { name: 'gc/shard-removed', scene: 'collection', timesMax: 12 },
  { name: 'repair/shards-written', scene: 'repair', timesMax: 4 },
  { name: 'repair/shards-recorded', scene: 'repair', timesMax: 4 },
  { name: 'main/keyring-made', scene: 'birth', timesMax: 1 },
  { name: 'main/node-made', scene: 'birth', timesMax: 14 },
  { name: 'keys/keyring-written', scene: 'rotation', timesMax: 5 },
  { name: 'keys/next-written', scene: 'rotation', timesMax: 1 },
  { name: 'keys/keyring-spread', scene: 'rotation', timesMax: 1 },
  { name: 'keys/rotated', scene: 'rotation', timesMax: 1 },
  { name: 'main/database-rebuilt', scene: 'rebuild', timesMax: 1 },
  { name: 'main/database-set-aside', scene: 'rebuild', timesMax: 1 },
  { name: 'main/database-in-place', scene: 'rebuild', timesMax: 1 },
]

/** Of publishing libraries: `library.test.ts` dies there. */
export const libraryCrashPoints: readonly string[] = [
  'library/archive-written',
  'library/archive-durable',
]
