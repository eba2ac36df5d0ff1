/** The rooms that own tables: finding the one a change belongs to, and bringing their tables into being. */
import assert from 'node:assert/strict'
import type { ChangeBody, ChangeRoom, SequencedChange } from '#changelog/change'
import { changelogFault } from '#changelog/faults'
import type { Queryable } from '#sql/sql'

export type ChangeRooms = ReadonlyMap<string, ChangeRoom>

export function roomsByName(rooms: readonly ChangeRoom[]): ChangeRooms {
  const byName = new Map(rooms.map((room) => [room.room, room]))
  assert(byName.size === rooms.length, 'two rooms of one name')
  return byName
}

/** `changelog/unknown-change` for a change of a later version's room. */
export async function applyChange(
  rooms: ChangeRooms,
  tx: Queryable,
  change: SequencedChange,
): Promise<void> {
  const { kind } = change.body
  const room = rooms.get(kind.slice(0, kind.indexOf('/')))
  if (room === undefined) throw changelogFault('changelog/unknown-change', { kind })
  await room.apply(tx, change)
  for (const other of rooms.values())
    if (other.follow !== undefined && other !== room) await other.follow(tx, change)
}

export function parseChangeBody(json: string): ChangeBody {
  const body: unknown = JSON.parse(json)
  assert(typeof body === 'object' && body !== null && 'kind' in body)
  assert(typeof body.kind === 'string')
  return body as ChangeBody
}

/** Runs the migrations that this database has not seen, each once. */
export async function migrate(tx: Queryable, rooms: ChangeRooms): Promise<void> {
  await tx.query`
    create table if not exists change_room (room text primary key, version integer not null) strict`
  for (const { room, migrations } of rooms.values()) {
    const [found] = await tx.query<{
      version: number
    }>`select version from change_room where room = ${room}`
    const version = found?.version ?? 0
    if (version > migrations.length)
      throw changelogFault('changelog/unsupported-version', { room, version })
    for (const migration of migrations.slice(version)) await migration(tx)
    await tx.query`
      insert into change_room (room, version) values (${room}, ${migrations.length})
      on conflict (room) do update set version = excluded.version`
  }
}
