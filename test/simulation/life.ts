/**
 * A process that can die at any moment. Whatever it asks of the world, a disk or the database goes through here: once it is dead,
 * nothing it asks for happens, and nothing it waits for ever comes. Its code stops where it stands, as that of a killed process does.
 */
import type { Disk, DiskFile } from '#disk/disk'
import type { Queryable, Sql, SqlRow, SqlValue, Transaction } from '#sql/sql'
import type { World } from '#world/world'

export class Life {
  #isOver = false
  readonly #ended = Promise.withResolvers<void>()

  get isOver(): boolean {
    return this.#isOver
  }

  /** Resolves when the process dies. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  end(): void {
    this.#isOver = true
    this.#ended.resolve()
  }

  /** Begins `act` and settles as it does, unless the process is dead by then. */
  do<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isOver) return new Promise(() => {})
    const begun = act()
    return new Promise((resolve, reject) => {
      begun.then(
        (value) => {
          if (!this.#isOver) resolve(value)
        },
        (error: unknown) => {
          if (!this.#isOver) reject(error)
        },
      )
    })
  }
}

/** `inner` is the process's own fork: its clock may jump and its chance is its own. */
export function worldOf(inner: World, life: Life): World {
  return {
    now: () => inner.now(),
    monotonic: () => inner.monotonic(),
    timer: (ms, wake) =>
      inner.timer(ms, () => {
        if (!life.isOver) wake()
      }),
    sleep: (ms, options) => life.do(() => inner.sleep(ms, options)),
    turns: (count) => life.do(() => inner.turns(count)),
    randomBytes: (length) => inner.randomBytes(length),
    random: () => inner.random(),
    passing(point) {
      if (!life.isOver) inner.passing(point)
    },
  }
}

export function diskOf(inner: Disk, life: Life): Disk {
  return {
    create: (path, options) => life.do(async () => fileOf(await inner.create(path, options), life)),
    open: (path, options) => life.do(async () => fileOf(await inner.open(path, options), life)),
    read: (path) => life.do(() => inner.read(path)),
    writeDurably: (path, bytes) => life.do(() => inner.writeDurably(path, bytes)),
    rename: (from, to) => life.do(() => inner.rename(from, to)),
    remove: (path) => life.do(() => inner.remove(path)),
    makeDirectory: (path, options) => life.do(() => inner.makeDirectory(path, options)),
    list: (path) => life.do(() => inner.list(path)),
    stat: (path) => life.do(() => inner.stat(path)),
    syncDirectory: (path) => life.do(() => inner.syncDirectory(path)),
    fileSystem: () => life.do(() => inner.fileSystem()),
    capacity: () => life.do(() => inner.capacity()),
    removeTree: (path) => life.do(() => inner.removeTree(path)),
    close: () => life.do(() => inner.close()),
  }
}

function fileOf(inner: DiskFile, life: Life): DiskFile {
  return {
    write: (bytes, offset) => life.do(() => inner.write(bytes, offset)),
    writeFilled: (bytes, offset, fill) => life.do(() => inner.writeFilled(bytes, offset, fill)),
    read: (into, offset) => life.do(() => inner.read(into, offset)),
    sync: () => life.do(() => inner.sync()),
    bytes: () => life.do(() => inner.bytes()),
    isNamed: () => inner.isNamed(),
    truncate: (bytes) => life.do(() => inner.truncate(bytes)),
    close: () => life.do(() => inner.close()),
  }
}

/** The database itself is crashed by its owner; its dead process no longer hears from it. */
export function sqlOf(inner: Sql, life: Life): Sql {
  return {
    query: queryOf(inner, life),
    transaction: (work, options) =>
      life.do(() =>
        inner.transaction((tx) => life.do(() => work(transactionOf(tx, life))), options),
      ),
    view: (work) =>
      life.do(() => inner.view((view) => life.do(() => work({ query: queryOf(view, life) })))),
    close: () => life.do(() => inner.close()),
  }
}

function transactionOf(inner: Transaction, life: Life): Transaction {
  return {
    query: queryOf(inner, life),
    savepoint: (work) => life.do(() => inner.savepoint(() => life.do(work))),
  }
}

function queryOf(inner: Queryable, life: Life): Queryable['query'] {
  return <Row extends SqlRow>(text: TemplateStringsArray, ...values: readonly SqlValue[]) =>
    life.do(() => inner.query<Row>(text, ...values))
}
