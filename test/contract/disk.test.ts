import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRealDisk } from '#disk/real'
import { SimulatedDisk } from '#disk/simulated'
import { SimulatedWorld } from '#world/simulated'
import { diskContract, type WithDisk } from './disk.contract.ts'

const onRealDisk: WithDisk = async (body) => {
  const root = await mkdtemp(join(tmpdir(), 'disk-'))
  try {
    await body(openRealDisk(root))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const onSimulatedDisk: WithDisk = (body) => {
  const world = new SimulatedWorld('disk contract')
  return world.run(() => body(new SimulatedDisk({ world: world.fork('disk') })))
}

diskContract('real disk', onRealDisk)
diskContract('simulated disk', onSimulatedDisk)
