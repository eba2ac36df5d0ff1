import { objectFault } from '#object/faults'
import type { BucketName } from '#object/model'
import type { Sql } from '#sql/sql'

/** Of each bucket a few dozen bytes. */
const keptMax = 10_000

export interface KnownBucket {
  readonly id: number
  readonly profile: string
}

/**
 * What every write must know of its bucket before its body is stored, and no more, kept until the bucket changes: asking the database takes as
 * long as a statement of the commit. The commit looks again, so whoever was told of a bucket that has gone since is refused there.
 */
export class KnownBuckets {
  readonly #sql: Pick<Sql, 'query'>
  readonly #kept = new Map<BucketName, KnownBucket>()
  #changes = 0

  constructor(sql: Pick<Sql, 'query'>) {
    this.#sql = sql
  }

  /** `object/no-such-bucket` */
  async find(name: BucketName): Promise<KnownBucket> {
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const changes = this.#changes
    const [row] = await this.#sql.query<{ id: number; profile: string }>`
      select id, profile from bucket where name = ${name}`
    if (row === undefined) throw objectFault('object/no-such-bucket', { bucket: name })
    if (changes === this.#changes) this.#keep(name, row)
    return row
  }

  /** What is being looked up right now is told to who asked, and not kept. */
  forget(name: BucketName): void {
    this.#changes += 1
    this.#kept.delete(name)
  }

  #keep(name: BucketName, bucket: KnownBucket): void {
    if (this.#kept.size >= keptMax) this.#kept.clear()
    this.#kept.set(name, bucket)
  }
}
