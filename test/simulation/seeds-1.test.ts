import { testSeeds } from './seeds.ts'

/** Four hundred seeds in four processes; `npm run campaign -- simulate` has the thousands. */
testSeeds(1, 100)
