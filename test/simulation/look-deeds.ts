/** What clients do that changes nothing: head, get, list. What they see must be one whole version, and the right one. */
import type { ObjectInfo, ObjectStore, OpenedObject } from '#object/model'
import type { SimulatedWorld } from '#world/simulated'
import * as cell from './cell.ts'
import type { Hands } from './hands.ts'
import type { Call, Claim } from './history.ts'
import { claim, type Place, refusalOf, steadyBucket, steadyPlaces } from './place.ts'
import { chance, pick } from './scenario.ts'
import type { Outcome, Service } from './stage.ts'

/** Ends the call of a look, with what it has seen. */
export function endLook(
  { stage, seen }: Hands,
  place: Place,
  { call, outcome }: { readonly call: Call; readonly outcome: Outcome<ObjectInfo> },
): ObjectInfo | undefined {
  const { history } = stage
  if (outcome.kind === 'done') {
    const info = outcome.value
    const label = stage.recognise(call, place.cell, info, { isNew: false })
    seen.set(place.cell, info.etag)
    history.end(call, `${label} at ${info.sequence}`, claim(place, cell.sees(label)))
    return info
  }
  if (outcome.kind === 'refused')
    history.end(call, outcome.code, claim(place, refusalOf(history, outcome.code, {})))
  else history.end(call, outcome.kind === 'gone' ? 'given up' : outcome.code)
  return undefined
}

export async function head(hands: Hands, place: Place): Promise<void> {
  const looked = await hands.stage.attempt(`head ${place.cell}`, (objects) =>
    objects.head(place.bucket, place.key),
  )
  endLook(hands, place, looked)
}

export async function get(
  hands: Hands,
  place: Place,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): Promise<void> {
  const { stage, world } = hands
  const { call, outcome, service } = await stage.attempt(
    `open ${place.cell}`,
    (objects: ObjectStore) => objects.open(place.bucket, place.key),
  )
  const isOpen = outcome.kind === 'done'
  const looked = isOpen ? { kind: 'done' as const, value: outcome.value.info } : outcome
  const info = endLook(hands, place, { call, outcome: looked })
  if (!isOpen || info === undefined) return
  if (!isWhole && chance(world, 0.1)) await world.sleep(world.random() * stage.scenario.thinkMs * 3)
  const isPart = !isWhole && info.bytes > 0 && chance(world, 0.4)
  const range = isPart ? drawRange(world, info.bytes) : undefined
  const pauseMs = !isWhole && chance(world, 0.25) ? 2 * stage.scenario.thinkMs : 0
  await read(hands, outcome.value, { place, range, pauseMs, service })
  outcome.value.release()
}

async function read(
  { stage, world }: Hands,
  { info, read: open }: OpenedObject,
  {
    place,
    range,
    pauseMs,
    service,
  }: {
    readonly place: Place
    readonly range: { first: number; last: number } | undefined
    readonly pauseMs: number
    readonly service: Service
  },
): Promise<void> {
  const { signal } = new AbortController()
  const part = range === undefined ? 'all' : `${range.first}-${range.last}`
  const { call, outcome } = await stage.attemptAt(
    service,
    `read ${place.cell} at ${info.sequence}, ${part}`,
    async () => {
      const pieces: Buffer[] = []
      for await (const piece of open(range, { signal })) {
        pieces.push(Buffer.from(piece))
        if (pauseMs > 0) await world.sleep(world.random() * pauseMs)
      }
      return Buffer.concat(pieces)
    },
  )
  if (outcome.kind !== 'done') return stage.history.end(call, outcome.kind)
  const whole = stage.contentOf(info.etag)
  const wanted = range === undefined ? whole : whole?.subarray(range.first, range.last + 1)
  if (wanted?.equals(outcome.value) !== true)
    stage.history.violate(`${call.text}: ${outcome.value.length} bytes that are not ${info.etag}'s`)
  stage.history.end(call, `${outcome.value.length} B`)
}

function drawRange(world: SimulatedWorld, bytes: number): { first: number; last: number } {
  const first = Math.floor(world.random() * bytes)
  return { first, last: first + Math.floor(world.random() * (bytes - first)) }
}

export async function list(hands: Hands): Promise<void> {
  const { world } = hands
  const prefix = pick(world, ['', '', 'dir/', 'd', 'z'])
  const limit = pick(world, [1, 2, 3, 1_000])
  const delimiter = chance(world, 0.4) ? '/' : undefined
  let after: string | undefined
  for (let page = 0; page < 4; page += 1) {
    after = await listPage(hands, { prefix, limit, delimiter, after })
    if (after === undefined) return
  }
}

interface PageQuery {
  readonly prefix: string
  readonly limit: number
  readonly delimiter?: string | undefined
  readonly after?: string | undefined
}

/** Asks for one page, checks its form, and claims for every key in its reach what it says. Returns where the next one begins. */
export async function listPage({ stage }: Hands, query: PageQuery): Promise<string | undefined> {
  const { history } = stage
  const { prefix, limit, delimiter, after } = query
  const { call, outcome } = await stage.attempt(`list ${JSON.stringify(query)}`, (objects) =>
    objects.list(steadyBucket, {
      prefix,
      limit,
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(after === undefined ? {} : { after }),
    }),
  )
  if (outcome.kind !== 'done') {
    history.end(call, outcome.kind)
    return undefined
  }
  const { objects, commonPrefixes, next } = outcome.value
  const listed = new Map<string, string>()
  for (const info of objects) {
    const name = `${steadyBucket}/${info.key}`
    listed.set(name, stage.recognise(call, name, info, { isNew: false }))
  }
  const keys = objects.map(({ key }) => String(key))
  const shown = [...keys, ...commonPrefixes]
  const isOrdered = keys.every((key, index) => index === 0 || isBefore(keys[index - 1] ?? '', key))
  if (shown.length > limit || !isOrdered || shown.some((entry) => !entry.startsWith(prefix)))
    history.violate(`${call.text}: a page of ${shown.join(' ')}`)
  const claims = steadyPlaces
    .filter(({ key }) => isInReach(key, query, next))
    .flatMap((place): readonly Claim[] => {
      const label = listed.get(place.cell)
      if (label !== undefined) return claim(place, cell.sees(label))
      const isHidden = commonPrefixes.some((common) => place.key.startsWith(common))
      return isHidden ? [] : claim(place, cell.seesNothing)
    })
  history.end(call, `${shown.join(' ')}${next === undefined ? '' : ` … ${next}`}`, claims)
  return next
}

/** Whether the page would show the key, or its common prefix, if there were one. */
function isInReach(
  key: string,
  { prefix, after, delimiter }: PageQuery,
  next: string | undefined,
): boolean {
  if (!key.startsWith(prefix)) return false
  if (next !== undefined && isBefore(next, key)) return false
  if (after === undefined) return true
  const isBehindPrefix =
    delimiter !== undefined && after.endsWith(delimiter) && key.startsWith(after)
  return isBefore(after, key) && !isBehindPrefix
}

function isBefore(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0
}
