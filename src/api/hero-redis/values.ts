/** GET, SET, EXISTS and DEL. */
import { type Call, type Command, ok } from '#api/hero-redis/command'
import { heroFault } from '#api/hero-redis/faults'
import type { Session } from '#api/hero-redis/session'
import { keyBytesMax, valueBytesMax } from '#redis/limits'
import { argumentsMax } from '#redis/request-reader'
import type { RespReply } from '#redis/resp'
import type { ValuePlace } from '#redis/value-file'

export const valueCommands: Readonly<Record<string, Command>> = {
  GET: { min: 1, max: 1, run: get },
  SET: { min: 2, max: argumentsMax, run: set },
  EXISTS: { min: 1, max: argumentsMax, run: exists },
  DEL: { min: 1, max: argumentsMax, run: del },
}

async function get({ session, args: [key], makeRoom }: Call): Promise<RespReply> {
  session.require('read', { command: 'get' })
  const place = placeOf(session, key)
  await makeRoom()
  const bytes = await session.parts.values.get(place)
  return bytes === undefined ? { kind: 'nil' } : { kind: 'bulk', bytes }
}

/** Nothing of Redis's conditions and expiry. */
async function set({ session, args }: Call): Promise<RespReply> {
  session.require('write', { command: 'set' })
  const [key, value = nothing, ...options] = args
  if (options.length > 0) throw heroFault('hero-redis/syntax')
  const place = placeOf(session, key)
  if (value.length > valueBytesMax) throw heroFault('hero-redis/value-too-long')
  await session.parts.values.set(place, value)
  return ok
}

async function exists(call: Call): Promise<RespReply> {
  const { session } = call
  session.require('read', { command: 'exists' })
  return await counting(call, (place) => session.parts.values.has(place))
}

async function del(call: Call): Promise<RespReply> {
  const { session } = call
  session.require('write', { command: 'del' })
  return await counting(call, (place) => session.parts.values.delete(place))
}

/** Of all keys that are named, one after the other, those of which it is true. */
async function counting(
  { session, args }: Call,
  ask: (place: ValuePlace) => Promise<boolean>,
): Promise<RespReply> {
  const places = args.map((key) => placeOf(session, key))
  let value = 0
  for (const place of places) if (await ask(place)) value += 1
  return { kind: 'integer', value }
}

const nothing = new Uint8Array(0)

/** `hero-redis/key-too-long` */
function placeOf({ db }: Session, key: Uint8Array = nothing): ValuePlace {
  if (key.length > keyBytesMax) throw heroFault('hero-redis/key-too-long')
  return { db, key }
}
