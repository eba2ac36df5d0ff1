import { testSeeds } from './seeds.ts'

testSeeds(751, 1000)
