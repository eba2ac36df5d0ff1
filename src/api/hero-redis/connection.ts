/** PING, SELECT, QUIT, INFO, CLIENT: what clients say beside what they came for. HELLO is not known, as with servers before Redis 6: clients then speak RESP2. */
import { type Call, type Command, ok, textReply, wordOf } from '#api/hero-redis/command'
import { heroFault } from '#api/hero-redis/faults'
import { databasesMax } from '#redis/limits'
import type { RespReply } from '#redis/resp'

/** Servers of this version know neither HELLO nor users with names. */
const likeRedis = '5.0.0'

const infoSectionsMax = 16

export const connectionCommands: Readonly<Record<string, Command>> = {
  PING: { min: 0, max: 1, run: ping },
  SELECT: { min: 1, max: 1, run: select },
  QUIT: { min: 0, max: 0, isOpen: true, isLast: true, run: () => ok },
  CLIENT: { min: 1, max: 3, isOpen: true, run: client },
  INFO: { min: 0, max: infoSectionsMax, run: info },
}

function ping({ args: [said] }: Call): RespReply {
  return said === undefined ? { kind: 'simple', text: 'PONG' } : { kind: 'bulk', bytes: said }
}

function select({ session, args: [number] }: Call): RespReply {
  const text = wordOf(number)
  const db = /^\d{1,5}$/.test(text) ? Number(text) : databasesMax
  if (db >= databasesMax) throw heroFault('hero-redis/no-database')
  session.require('read', { command: 'select', db })
  session.select(db)
  return ok
}

/** Names of connections and of clients' libraries: taken, and forgotten. */
function client({ args: [word, ...rest] }: Call): RespReply {
  const subcommand = wordOf(word).toUpperCase()
  const expected = { SETINFO: 2, SETNAME: 1 }[subcommand]
  if (expected === undefined) {
    throw heroFault('hero-redis/unknown-subcommand', { command: 'client' })
  }
  if (rest.length !== expected) {
    throw heroFault('hero-redis/wrong-arguments', { command: `client|${subcommand.toLowerCase()}` })
  }
  return ok
}

/** The number of keys has a price: all names are read. Whoever may administer the database gets it by asking for it. */
async function info({ session, args }: Call): Promise<RespReply> {
  const { version, values } = session.parts
  const sections = args.map((arg) => wordOf(arg).toLowerCase())
  const lines = [
    '# Server',
    `redis_version:${likeRedis}`,
    'redis_mode:standalone',
    'server_name:mycelium',
    `mycelium_version:${version}`,
    '',
    '# Persistence',
    'loading:0',
    '',
  ]
  if (sections.includes('keyspace') && session.may('admin')) {
    const keys = await values.count(session.db)
    lines.push('# Keyspace', `db${session.db}:keys=${keys},expires=0,avg_ttl=0`, '')
  }
  return textReply(lines.join('\r\n'))
}
