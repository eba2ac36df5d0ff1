/** What a door looks up at every request: keys, names and buckets, asked for once and kept until they change. */
import { isFault } from '#fault/fault'
import type { AccessKey, AccessKeys } from '#identity/access-keys'
import type { IdentitySource } from '#identity/accounts'
import type { Administration } from '#identity/administration'
import type { Principal } from '#identity/principal'
import type { BucketFacts, BucketName, ObjectStore } from '#object/model'

/** Of each kind. That something does not exist is kept as well, lest guessing costs a look into the database each time. */
const keptMax = 10_000
/** Tokens are a few hundred bytes each, and up to 8 KiB of a liar. */
const sessionsMax = 1_000

type Soon<Value> = Value | Promise<Value>

export class Lookups {
  readonly #keys: Kept<AccessKey>
  readonly #sessions: Kept<AccessKey>
  readonly administration: Administration
  readonly #principals: Kept<Principal>
  readonly #buckets: Kept<BucketFacts>

  constructor({
    identities,
    objects,
  }: {
    readonly identities: IdentitySource
    readonly objects: Pick<ObjectStore, 'headBucket' | 'onBucketChange'>
  }) {
    this.#keys = new Kept((id) => identities.findKey(id))
    this.#sessions = new Kept(
      (name) => {
        const [accessKeyId, token] = JSON.parse(name) as [string, string] // put together below
        return identities.findKey(accessKeyId, token)
      },
      { keptMax: sessionsMax },
    )
    this.administration = identities.administration
    this.#principals = new Kept((id) => identities.findPrincipal(id))
    this.#buckets = new Kept((name) => findBucket(objects, name as BucketName)) // asked for by valid names only
    identities.onChange(() => {
      this.#keys.forget()
      this.#sessions.forget()
      this.#principals.forget()
    })
    objects.onBucketChange((name) => this.#buckets.forget(name))
  }

  readonly key: AccessKeys = (accessKeyId, token) =>
    token === undefined
      ? this.#keys.get(accessKeyId)
      : this.#sessions.get(JSON.stringify([accessKeyId, token]))

  principal(id: string): Soon<Principal | undefined> {
    return this.#principals.get(id)
  }

  /** `undefined` when there is none of that name. */
  bucket(name: BucketName): Soon<BucketFacts | undefined> {
    return this.#buckets.get(name)
  }
}

async function findBucket(
  objects: Pick<ObjectStore, 'headBucket'>,
  name: BucketName,
): Promise<BucketFacts | undefined> {
  try {
    return await objects.headBucket(name)
  } catch (error) {
    if (isFault(error, 'object/no-such-bucket')) return undefined
    throw error
  }
}

class Kept<Value> {
  readonly #find: (name: string) => Promise<Value | undefined>
  readonly #keptMax: number
  readonly #values = new Map<string, Value | undefined>()
  #changes = 0

  constructor(
    find: (name: string) => Promise<Value | undefined>,
    { keptMax: max = keptMax }: { readonly keptMax?: number } = {},
  ) {
    this.#find = find
    this.#keptMax = max
  }

  get(name: string): Soon<Value | undefined> {
    const known = this.#values.get(name)
    return known !== undefined || this.#values.has(name) ? known : this.#ask(name)
  }

  /** One, or all. What is being looked up right now is told to who asked, and not kept. */
  forget(name?: string): void {
    this.#changes += 1
    if (name === undefined) this.#values.clear()
    else this.#values.delete(name)
  }

  async #ask(name: string): Promise<Value | undefined> {
    const changes = this.#changes
    const value = await this.#find(name)
    if (changes !== this.#changes) return value
    if (this.#values.size >= this.#keptMax) this.#values.clear()
    this.#values.set(name, value)
    return value
  }
}
