/**
 * One process per data directory. Node has no `flock`, but SQLite holds its locks with the operating system,
 * which drops them when a process ends, however it ends: nothing stale is ever left behind, neither by `kill -9` nor by a
 * recycled process id nor by a container with process ids of its own. The lock is a write transaction that stays open;
 * others may still read from the file who holds it.
 */
import { DatabaseSync } from 'node:sqlite'
import { mainFault } from '#main/faults'

export interface Lock extends Disposable {
  release(): void
}

export interface LockHolder {
  /** e.g. `mycelium up` */
  readonly program: string
  readonly pid: number
  /** Wall clock, ms. */
  readonly since: number
}

/** `main/data-in-use` when a living process holds it; `main/data-unusable`. */
export function takeLock(path: string, holder: LockHolder): Lock {
  const database = openLockFile(path)
  try {
    announce(database, holder)
    database.exec('begin immediate')
  } catch (error) {
    const inUse = isBusy(error) ? describeHolder(database) : undefined
    database.close()
    if (inUse !== undefined) throw mainFault('main/data-in-use', inUse, error)
    throw unusable(path, error)
  }
  const release = (): void => {
    if (database.isOpen) database.close()
  }
  return { release, [Symbol.dispose]: release }
}

function openLockFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw unusable(path, error)
  }
}

function announce(database: DatabaseSync, { program, pid, since }: LockHolder): void {
  database.exec('begin immediate')
  database.exec('create table if not exists holder (program text, pid integer, since integer)')
  database.exec('delete from holder')
  database.prepare('insert into holder values (?, ?, ?)').run(program, pid, since)
  database.exec('commit')
}

function describeHolder(database: DatabaseSync): {
  program?: string
  pid?: number
  since?: string
} {
  try {
    const row = database.prepare('select program, pid, since from holder').get()
    if (row === undefined) return {}
    const since = new Date(Number(row['since'])).toISOString()
    return { program: String(row['program']), pid: Number(row['pid']), since }
  } catch {
    return {} // it is only just being taken
  }
}

/** SQLite's primary result codes. https://www.sqlite.org/rescode.html */
const sqliteBusy = 5

function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === sqliteBusy // any error of `node:sqlite`
}

function unusable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return mainFault('main/data-unusable', { path, reason }, cause)
}
