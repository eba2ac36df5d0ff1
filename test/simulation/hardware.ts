/** What stays when a process dies: disks, lines, the database file, and the key that the operator keeps. */
import { SimulatedDisk } from '#disk/simulated'
import { createKeyring } from '#keyring/change-keyring'
import { openKeyring } from '#keyring/keyring'
import { newMasterKey } from '#keyring/master-key'
import { SqliteMemory } from '#sql/sqlite-memory'
import type { SimulatedWorld } from '#world/simulated'
import { type Line, wellLine } from './network.ts'

export interface NodeMachine {
  readonly id: string
  disk: SimulatedDisk
  readonly line: Line
  /** The machine does not answer at all; its disk keeps what it has. */
  isDead: boolean
  /** The operator has put an empty disk there on purpose. */
  mayBeEmpty: boolean
}

export class Hardware {
  readonly world: SimulatedWorld
  readonly nodes: readonly NodeMachine[]
  /** The operator's. */
  master: Uint8Array
  readonly storeId: Uint8Array
  /** The copy beside the database. */
  keyring: Uint8Array | undefined
  database = new SqliteMemory()

  constructor(world: SimulatedWorld, nodes: number) {
    this.world = world
    this.nodes = Array.from({ length: nodes }, (_, index) => {
      const id = `node-${String(index + 1).padStart(2, '0')}`
      const disk = new SimulatedDisk({ world: world.fork(id), totalBytes: 2 ** 30 })
      return { id, disk, line: wellLine(), isDead: false, mayBeEmpty: true }
    })
    this.master = newMasterKey(world.fork('master'))
    this.keyring = createKeyring({ master: this.master, world: world.fork('keyring') })
    this.storeId = openKeyring(this.keyring, this.master).storeId
  }

  /** Another database, or an empty one, lies where the store looks for its own. Nothing runs. */
  loseDatabase(other = new SqliteMemory()): void {
    this.database = other
  }

  /** The process is gone, and with `isPowerCut` the power too: then everything unsynced is kept, lost or torn. */
  crash({ isPowerCut }: { readonly isPowerCut: boolean }): void {
    this.database.crash()
    for (const node of this.nodes) {
      if (isPowerCut) node.disk.powerCut()
      node.disk = node.disk.restart()
      if (node.isDead) node.disk.die()
    }
  }
}
