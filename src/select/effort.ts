/** How much an evaluation has looked at, in characters: nothing else bounds what an expression of many parts makes of one large record. */
import { selectFault } from '#select/faults'
import { batchEffortMax, recordEffortMax } from '#select/limits'

export class Effort {
  #ofRecord = 0
  #ofBatch = 0

  /** `select/too-much-effort` beyond what one record may take. */
  spend(characters: number): void {
    this.#ofRecord += characters
    if (this.#ofRecord > recordEffortMax) throw selectFault('select/too-much-effort')
  }

  endRecord(): void {
    this.#ofBatch += this.#ofRecord
    this.#ofRecord = 0
  }

  /** Whether others should have their turn before the next record. */
  get isEnough(): boolean {
    return this.#ofBatch >= batchEffortMax
  }

  endBatch(): void {
    this.#ofBatch = 0
  }
}
