/**
 * The second half of every run: nothing is broken any more, and the store must heal by itself. Then everything that was acknowledged is
 * read back, every chunk is whole, the nodes hold exactly what recipes need, and the nodes alone make the same database again.
 */

import { toHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import { scrub } from '#repair/scrub'
import { rewrapKeys } from '#store/rewrap'
import { shardsOn, survey } from './ground-truth.ts'
import { Hands } from './hands.ts'
import type { History } from './history.ts'
import { get, listPage } from './look-deeds.ts'
import { places } from './place.ts'
import { chance, pick } from './scenario.ts'
import type { Site } from './site.ts'
import { describe, type Stage } from './stage.ts'
import { type Running, takeSnapshot } from './store-process.ts'

/** What one look at the store may take, in simulated time, until it is well: nodes are held down for a minute, repair looks again every 15 s. */
const healingMsMax = 10 * 60_000

interface VerdictParts {
  readonly site: Site
  readonly stage: Stage
  readonly history: History
  /** The log has lost more than it can, and a snapshot is to make good for it before the database is lost as well. */
  readonly mustSnapshot: boolean
}

export async function passVerdict(running: Running, parts: VerdictParts): Promise<void> {
  const { site, stage, history, mustSnapshot } = parts
  const { world } = stage
  if (!(await heal(running, parts))) return
  stage.isCalm = true
  const hands = new Hands(stage, 'last')
  await readEverything(hands)
  // Whatever goes on by itself ends with the process; the next one does only what it is asked.
  site.crash({ isPowerCut: false, why: 'to be looked at' })
  const keyChange = pick(world, [undefined, undefined, 'new generation', 'new master key'] as const)
  const quiet = await site.start({ isQuiet: true, keyChange })
  if (quiet === undefined || isFault(quiet))
    return history.violate(`the store does not start: ${quiet && describe(quiet)}`)
  await world.sleep(1)
  await untilIdle(quiet, parts)
  await mend(quiet, parts)
  if (chance(world, 0.3)) await rewrap(quiet, parts)
  if (mustSnapshot || chance(world, 0.3)) await takeSnapshot(quiet, stage.scenario)
  await collect(quiet, parts)
  await checkChunks(site, history)
  await readEverything(hands)
  site.crash({ isPowerCut: true, why: 'to be rebuilt' })
  await site.rebuild(site.hardware.database)
}

/** Until all nodes are up and nothing waits for repair. */
async function heal(
  { cluster, repairer, world, changelog }: Running,
  { site, history }: VerdictParts,
): Promise<boolean> {
  const until = world.monotonic() + healingMsMax
  while (world.monotonic() < until) {
    await world.sleep(5_000)
    if (cluster.up().length < site.hardware.nodes.length) continue
    if (!(await isLogged(changelog))) continue
    await repairer.takeInventory()
    if (repairer.length === 0) return true
  }
  const down = cluster.nodes().filter(({ state }) => state === 'down')
  history.violate(
    `not healed in ${healingMsMax} ms: ${repairer.length} chunks to repair, down: ${down.map(({ id }) => id)}`,
  )
  return false
}

async function isLogged(changelog: Running['changelog']): Promise<boolean> {
  try {
    await changelog.reached(changelog.committed())
    return true
  } catch {
    return false
  }
}

async function readEverything(hands: Hands): Promise<void> {
  for (const place of places) await get(hands, place, { isWhole: true })
  let after: string | undefined
  do after = await listPage(hands, { prefix: '', limit: 3, after })
  while (after !== undefined)
}

/** A start writes the packs that it finds staged. While anybody is active nothing may be collected, and nobody is for ever. */
async function untilIdle({ store, world }: Running, { history }: VerdictParts): Promise<void> {
  const until = world.monotonic() + healingMsMax
  while (store.oldestActivity() !== undefined) {
    if (world.monotonic() > until)
      return history.violate(
        `active for more than ${healingMsMax} ms, though nobody asks for anything`,
      )
    await world.sleep(1)
  }
}

/** Rot that no read has met is found by scrubbing, and mended. */
async function mend({ repairer, ...running }: Running, { history }: VerdictParts): Promise<void> {
  const { signal } = new AbortController()
  const { shards, damaged } = await scrub(running, { bytesPerSecond: 1e9, signal })
  history.say(`scrubbed ${shards} shards, ${damaged} damaged`)
  await repairer.takeInventory()
  for (let round = 0; round < 5 && repairer.length > 0; round += 1) {
    await repairer.drain()
    await running.world.sleep(1_000)
  }
  if (repairer.length > 0) history.violate(`${repairer.length} chunks cannot be repaired`)
}

/** All data keys under the newest generation: what no chunk's key names any more, a lost one cannot take with it. */
async function rewrap(
  { sql, changelog, keyring }: Running,
  { history }: VerdictParts,
): Promise<void> {
  const { signal } = new AbortController()
  const moved = await rewrapKeys({ sql, changelog, keyring }, { signal })
  history.say(`${moved} data keys rewrapped under generation ${keyring.generation}`)
}

/** Twice: what the first run forgets may be what the second finds on nodes. */
async function collect({ collector, world }: Running, { history }: VerdictParts): Promise<void> {
  const { signal } = new AbortController()
  for (let round = 0; round < 2; round += 1) {
    const freed = await collector.collect({ graceMs: 0, deleteBytesPerSecond: 1e9, signal })
    history.say(`collected ${freed.chunks} chunks, ${freed.shards} shards, ${freed.bytes} B`)
    await world.sleep(1)
  }
}

async function checkChunks({ hardware }: Site, history: History): Promise<void> {
  const wanted = new Map(hardware.nodes.map(({ id }) => [id, new Set<string>()]))
  for (const { chunk, whole } of (await survey(hardware)).chunks) {
    for (const { node, id } of whole) wanted.get(node.id)?.add(id)
    if (whole.length < chunk.shards.length)
      history.violate(
        `chunk ${toHex(chunk.id)} has ${whole.length} of ${chunk.shards.length} shards`,
      )
  }
  for (const node of hardware.nodes) {
    const held = shardsOn(node)
    const ids = wanted.get(node.id) ?? new Set()
    const surplus = held.filter((id) => !ids.has(id))
    if (surplus.length > 0)
      history.violate(`${node.id} holds ${surplus.length} shards that nothing refers to`)
    history.say(`${node.id} holds ${held.length} shards, ${ids.size} wanted`)
  }
}
