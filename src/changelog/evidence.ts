/** Everything that present nodes know of a store's changes: eras, pointers to snapshots, and the log's frames. */
import { addToUnion } from '#changelog/change-union'
import { type Era, readEra } from '#changelog/era'
import { changelogFault } from '#changelog/faults'
import { FrameOpener, parseFrameHeader } from '#changelog/frame'
import { isNodeFault, type LogNode } from '#changelog/nodes'
import { decodeRecords } from '#changelog/record'
import {
  type PointerHeader,
  parsePointerHeader,
  pointerName,
  previousPointerName,
} from '#changelog/snapshot-pointer'
import type { Keyring } from '#keyring/keyring'
import type { Queryable, Sql } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'

export interface Pointer {
  readonly node: string
  readonly header: PointerHeader
  readonly bytes: Uint8Array
}

export interface Evidence {
  readonly eras: ReadonlyMap<number, Era>
  readonly pointers: readonly Pointer[]
  /** Ids of nodes that failed while they were read: what only they hold is missing. */
  readonly nodesUnreadable: readonly string[]
}

export interface EvidenceOptions {
  /** Changes go into its `rebuild_change` table. */
  readonly sql: Sql
  readonly nodes: readonly LogNode[]
  readonly keyring: Keyring
  readonly telemetry: Telemetry
  readonly onNodeRead: (nodes: number) => void
}

export async function gatherEvidence(options: EvidenceOptions): Promise<Evidence> {
  const gathering = new Gathering(options)
  for (const [index, node] of options.nodes.entries()) {
    await options.sql.transaction((tx) => gathering.visit(node, tx))
    options.onNodeRead(index + 1)
  }
  return gathering
}

class Gathering implements Evidence {
  readonly eras = new Map<number, Era>()
  readonly pointers: Pointer[] = []
  readonly nodesUnreadable: string[] = []
  readonly #keyring: Keyring
  readonly #opener: FrameOpener
  readonly #telemetry: Telemetry

  constructor({ keyring, telemetry }: EvidenceOptions) {
    this.#keyring = keyring
    this.#opener = new FrameOpener(keyring)
    this.#telemetry = telemetry
  }

  async visit(node: LogNode, tx: Queryable): Promise<void> {
    try {
      const era = await readEra(node.files, this.#keyring.storeId)
      if (era !== undefined) this.#learn(era)
      for (const name of [pointerName, previousPointerName]) await this.#visitPointer(node, name)
      for await (const { frame } of node.log.read()) await this.#visitFrame(node.id, frame, tx)
    } catch (error) {
      if (!isNodeFault(error)) throw error
      this.nodesUnreadable.push(node.id)
      this.#telemetry.note('warn', 'A node could not be read to its end', { node: node.id, error })
    }
  }

  async #visitPointer({ id, files }: LogNode, name: string): Promise<void> {
    const bytes = await files.read(name)
    if (bytes === undefined) return
    const header = parsePointerHeader(bytes)
    if (header === undefined || !this.#isOurs(header)) return this.#report(id, name)
    this.#learn(header.era)
    this.pointers.push({ node: id, header, bytes })
  }

  async #visitFrame(node: string, frame: Uint8Array, tx: Queryable): Promise<void> {
    const header = parseFrameHeader(frame)
    if (header === undefined || !this.#isOurs(header)) return this.#report(node, 'log frame')
    const records = this.#opener.open(header, frame)
    if (records === undefined) return this.#report(node, 'log frame')
    this.#learn(header.era)
    for (const record of decodeRecords(records)) await addToUnion(tx, record, header.era.number)
  }

  #learn(era: Era): void {
    const known = this.eras.get(era.number)
    if (known !== undefined && known.first !== era.first)
      throw changelogFault('changelog/forked', { era: era.number })
    this.eras.set(era.number, era)
  }

  #isOurs({ storeId }: { readonly storeId: Uint8Array }): boolean {
    return Buffer.compare(storeId, this.#keyring.storeId) === 0
  }

  #report(node: string, what: string): void {
    this.#telemetry.damageFound({ node, what, reason: 'not authentic, or of another store' })
  }
}
