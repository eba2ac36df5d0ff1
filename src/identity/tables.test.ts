import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { readScope } from '#identity/scopes'
import { identityRoom } from '#identity/tables'
import { SqliteMemory } from '#sql/sqlite-memory'

/** How many there were before names of users and teams had a table of their own. */
const migrationsBefore = 4

test('a database of before has the names of those who are in it', async () => {
  const sql = new SqliteMemory().open()
  await sql.transaction(async (tx) => {
    for (const migrate of identityRoom.migrations.slice(0, migrationsBefore)) await migrate(tx)
    await tx.query`insert into principal (id, handle, display_name, is_root, sequence, at)
      values ('p1', 'alice', 'Alice', 0, 1, 1), ('p2', 'bob', 'Bob', 0, 2, 2)`
    for (const [id, account, kind, name] of [
      ['t1', '', 'team', 'readers'],
      ['t2', 'p2', 'team', 'of-an-account'],
      ['r1', '', 'role', 'worker'],
    ] as const)
      await tx.query`insert into iam_entity (id, account, kind, name, name_key, path, facts, sequence, at)
        values (${id}, ${account}, ${kind}, ${name}, ${name}, '/', '{}', 3, 3)`
    await tx.query`insert into iam_membership (team, member) values ('t1', 'p1')`
    for (const migrate of identityRoom.migrations.slice(migrationsBefore)) await migrate(tx)
  })
  deepEqual(await readScope(sql, 'alice'), { kind: 'user', id: 'p1', name: 'alice' })
  deepEqual(await readScope(sql, 'readers'), { kind: 'team', id: 't1', name: 'readers' })
  for (const name of ['of-an-account', 'worker']) equal(await readScope(sql, name), undefined)
  const [member] = await sql.query<{ role: string }>`select role from iam_membership`
  equal(member?.role, 'member')
  await sql.close()
})
