/** What whole stores of tests stand on: a database in memory, or one on the server that `MYCELIUM_TEST_POSTGRES` names. */
import { randomUUID } from 'node:crypto'
import type { ChangeRoom } from '#changelog/change'
import { migrate, roomsByName } from '#changelog/rooms'
import { sha256HexOf } from '#crypto/digest'
import { openPostgres } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { quoted } from '#sql/template'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'
import { ask, newDatabase } from './postgres/server.ts'

const server = process.env['MYCELIUM_TEST_POSTGRES']

/** Empty but for the tables of `rooms`, perhaps. On a server it stays there after it was closed, and is emptied for the next one. */
export async function openTestDatabase(world: World, rooms: readonly ChangeRoom[]): Promise<Sql> {
  if (server === undefined) return new SqliteMemory().open()
  const template = await templateOn(server, { world, rooms })
  const address = await asTemplate(server, template)
  const sql = await open(address, world)
  return {
    query: (text, ...values) => sql.query(text, ...values),
    transaction: (work, options) => sql.transaction(work, options),
    view: (work) => sql.view(work),
    async close() {
      await sql.close()
      closed.set(template, [...(closed.get(template) ?? []), address])
    },
  }
}

/** By template, of this process. Copying one takes half a second of processor time, for it is some thousand files. */
const closed = new Map<string, string[]>()

/** What a template has: names of tables, and of those that are empty. */
interface Content {
  readonly tables: readonly string[]
  readonly empty: readonly string[]
}

const contents = new Map<string, Content>()

/** The address of a database that is as the template is. */
async function asTemplate(server: string, template: string): Promise<string> {
  const used = closed.get(template)?.pop()
  const content = contents.get(template)
  if (used !== undefined && content !== undefined) {
    await restore(used, content)
    return used
  }
  const name = `store_${randomUUID().replaceAll('-', '')}`
  const address = await newDatabase(server, name, { template })
  contents.set(template, contents.get(template) ?? (await contentOf(address)))
  return address
}

const allTables = `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`

/** Of a fresh copy: nobody may look into the template itself while it is copied. */
async function contentOf(address: string): Promise<Content> {
  const tables = (await ask(address, allTables)).map(({ name }) => String(name))
  const looks = tables.map(
    (name) => `select '${name}' as name where not exists (select from ${quoted(name)})`,
  )
  const empty = await ask(address, looks.join(' union all '))
  return { tables, empty: empty.map(({ name }) => String(name)) }
}

/** Tables with rows of their own say what was made there, which stays. */
async function restore(address: string, { tables, empty }: Content): Promise<void> {
  const names = (list: readonly string[]): string =>
    `array[${list.map((name) => `'${name}'`).join()}]`
  await ask(
    address,
    `do $$ declare name text; begin
      for name in ${allTables} loop
        if name = any(${names(empty)}) then execute format('delete from %I', name);
        elsif not name = any(${names(tables)}) then execute format('drop table %I', name);
        end if;
      end loop; end $$`,
  )
}

/** Several hundred databases with the same hundred tables: they are made once for each server and set of rooms, and copied. */
function templateOn(
  server: string,
  tables: { readonly world: World; readonly rooms: readonly ChangeRoom[] },
): Promise<string> {
  const names = tables.rooms.map(({ room }) => room).sort()
  const name = `tables_${sha256HexOf(Buffer.from(names.join())).slice(0, 16)}`
  const template = templates.get(name) ?? makeTemplate(server, name, tables)
  templates.set(name, template)
  return template
}

/** By name: whoever asks while one is being made waits for it. Another process's comes whole or not at all, since one file runs at a time. */
const templates = new Map<string, Promise<string>>()

async function makeTemplate(
  server: string,
  name: string,
  { world, rooms }: { readonly world: World; readonly rooms: readonly ChangeRoom[] },
): Promise<string> {
  const known = await ask(server, `select 1 from pg_database where datname = '${name}'`)
  if (known.length > 0) return name
  const sql = await open(await newDatabase(server, name), world)
  await sql.transaction((tx) => migrate(tx, roomsByName(rooms)))
  await sql.close()
  return name
}

async function open(address: string, world: World): Promise<Sql> {
  const holder = { place: 'here', program: 'a test' }
  return await openPostgres({ address, holder, world, telemetry })
}
