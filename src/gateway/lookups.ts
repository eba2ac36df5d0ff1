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

/** Policies may be long: each KiB of them counts as much as a key. */
function weightOf(key: AccessKey | undefined): number {
  const { policies = [] } = key?.principal.standing ?? {}
  return 1 + Math.ceil(policies.reduce((sum, { length }) => sum + length, 0) / 1024)
}

const dayMs = 24 * 3600 * 1000

type Soon<Value> = Value | Promise<Value>

export class Lookups {
  readonly #keys: Kept<AccessKey>
  readonly #sessions: Kept<AccessKey>
  readonly administration: Administration
  readonly #principals: Kept<Principal>
  readonly #buckets: Kept<BucketFacts>
  /** Days since 1970, by key. */
  readonly #usedOn = new Map<string, number>()

  constructor({
    identities,
    objects,
  }: {
    readonly identities: IdentitySource
    readonly objects: Pick<ObjectStore, 'headBucket' | 'onBucketChange'>
  }) {
    this.#keys = new Kept((id) => identities.findKey(id), { weightOf })
    this.#sessions = new Kept(
      (name) => {
        const [accessKeyId, token] = JSON.parse(name) as [string, string] // put together below
        return identities.findKey(accessKeyId, token)
      },
      { keptMax: sessionsMax, weightOf },
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

  /** Told on once a day for each key, and forgotten when that fails: the next day will do. `now` in milliseconds since 1970. */
  noteUse(accessKeyId: string, now: number): void {
    const day = Math.floor(now / dayMs)
    if (this.#usedOn.get(accessKeyId) === day) return
    if (this.#usedOn.size >= keptMax) this.#usedOn.clear()
    this.#usedOn.set(accessKeyId, day)
    this.administration.noteKeyUse(accessKeyId, now).catch(() => {})
  }

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
  readonly #weightMax: number
  readonly #weightOf: (value: Value | undefined) => number
  readonly #values = new Map<string, Value | undefined>()
  #weight = 0
  #changes = 0

  constructor(
    find: (name: string) => Promise<Value | undefined>,
    {
      keptMax: weightMax = keptMax,
      weightOf: weigh = () => 1,
    }: {
      readonly keptMax?: number
      readonly weightOf?: (value: Value | undefined) => number
    } = {},
  ) {
    this.#find = find
    this.#weightMax = weightMax
    this.#weightOf = weigh
  }

  get(name: string): Soon<Value | undefined> {
    const known = this.#values.get(name)
    return known !== undefined || this.#values.has(name) ? known : this.#ask(name)
  }

  /** One, or all. What is being looked up right now is told to who asked, and not kept. */
  forget(name?: string): void {
    this.#changes += 1
    if (name === undefined) this.#clear()
    else this.#drop(name)
  }

  async #ask(name: string): Promise<Value | undefined> {
    const changes = this.#changes
    const value = await this.#find(name)
    if (changes !== this.#changes) return value
    this.#drop(name) // somebody else may have asked as well
    if (this.#weight >= this.#weightMax) this.#clear()
    this.#values.set(name, value)
    this.#weight += this.#weightOf(value)
    return value
  }

  #drop(name: string): void {
    if (!this.#values.has(name)) return
    this.#weight -= this.#weightOf(this.#values.get(name))
    this.#values.delete(name)
  }

  #clear(): void {
    this.#values.clear()
    this.#weight = 0
  }
}
