/**
 * The members of a store that have been asked, since its start, whether they know of changes that the database does not. Each change is on
 * `replicas` nodes: while at least so many have not been asked, they alone may know the newest ones, and the database may be out of a backup.
 */
export class Witnesses {
  readonly #unasked: Set<string>
  readonly #replicas: number

  constructor({
    members,
    asked,
    replicas,
  }: {
    readonly members: Iterable<string>
    readonly asked: Iterable<string>
    readonly replicas: number
  }) {
    this.#unasked = new Set(members).difference(new Set(asked))
    this.#replicas = replicas
  }

  /** It has been asked, and knows nothing that is news. */
  hear(id: string): void {
    this.#unasked.delete(id)
  }

  /** Ids of those that have not been asked, while they are too many; else none. */
  missing(): readonly string[] {
    return this.#unasked.size < this.#replicas ? [] : [...this.#unasked]
  }
}
