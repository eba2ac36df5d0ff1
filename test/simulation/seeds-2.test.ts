import { testSeeds } from './seeds.ts'

/** A thousand seeds in two processes: one for each core. */
testSeeds(501, 1000)
