import { testSeeds } from './seeds.ts'

testSeeds(301, 400)
