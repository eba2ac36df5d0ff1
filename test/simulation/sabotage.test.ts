/** The simulation is worth what it finds: stores that break one promise each, quietly, are found out within a few seeds. */
import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import { runSeed } from './run-seed.ts'
import type { Sabotage } from './scenario.ts'

const seedsMax = 150

const cases: readonly { readonly sabotage: Sabotage; readonly what: string }[] = [
  {
    sabotage: 'syncs do nothing',
    what: 'a store whose syncs do nothing loses what it acknowledged',
  },
  {
    sabotage: 'one copy of the log',
    what: 'a store that writes its log to one node only is found out',
  },
  {
    sabotage: 'one copy on the stage',
    what: 'a store that stages small objects on one node only is found out',
  },
  {
    sabotage: 'answers before the log',
    what: 'a store that answers before its log is written is found out',
  },
  {
    sabotage: 'grace without activities',
    what: 'a collector that looks at ages alone takes what is still being written',
  },
]

for (const { sabotage, what } of cases)
  test(what, async () => {
    for (let seed = 1; seed <= seedsMax; seed += 1)
      if ((await runSeed(seed, { sabotage })).violations.length > 0) return
    ok(false, `${seedsMax} seeds found nothing wrong with it`)
  })
