import { testSeeds } from './seeds.ts'

/** A thousand seeds in four processes. */
testSeeds(1, 250)
