/** Whether a registry of libraries is well: what it stands on answers. People hear of which part, the log of why. */
import { isFault } from '#fault/fault'
import type { LibrariesGround } from '#main/libraries-ground'
import type { Health } from '#main/status-pages'
import { version } from '#main/version'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Who asks whether we are well does not wait longer. */
const checkMs = 5_000

const parts = {
  database: 'The database does not answer.',
  storage: 'The archives cannot be reached.',
} as const
type Part = keyof typeof parts

export function openLibrariesHealth(
  { sql, archives }: Pick<LibrariesGround, 'sql' | 'archives'>,
  {
    world,
    telemetry,
  }: { readonly world: Pick<World, 'now' | 'timer'>; readonly telemetry: Pick<Telemetry, 'note'> },
): () => Promise<Health> {
  /** Why a part was unwell when somebody last asked. */
  const reasons = new Map<Part, string>()
  const isUp = async (part: Part, look: Look): Promise<boolean> => {
    const reason = await troubleOf(look, world)
    if (reason === undefined) {
      reasons.delete(part)
      return true
    }
    if (reasons.get(part) !== reason) telemetry.note('warn', `${part} cannot be used`, { reason })
    reasons.set(part, reason)
    return false
  }
  return async () => {
    const [database, storage] = await Promise.all([
      isUp('database', () => sql.query`select 1 as one`),
      isUp('storage', (signal) => archives.check({ signal })),
    ])
    return tell({ database, storage }, world.now())
  }
}

type Look = (signal: AbortSignal) => Promise<unknown>

/** Why it cannot be used; `undefined` when it can. */
async function troubleOf(look: Look, world: Pick<World, 'timer'>): Promise<string | undefined> {
  const abort = new AbortController()
  const late = Promise.withResolvers<string>()
  const cancel = world.timer(checkMs, () => {
    late.resolve(`no answer within ${checkMs} ms`)
    abort.abort()
  })
  const looked = look(abort.signal).then(
    () => undefined,
    (error: unknown) => {
      if (isFault(error)) return String(error)
      throw error
    },
  )
  try {
    return await Promise.race([looked, late.promise])
  } finally {
    cancel()
  }
}

/** As the first design has it: each part by its name. */
function tell(states: Readonly<Record<Part, boolean>>, now: number): Health {
  const isHealthy = states.database && states.storage
  const word = (isThere: boolean): string => (isThere ? 'healthy' : 'unhealthy')
  return {
    isHealthy,
    warnings: [
      ...(states.database ? [] : [parts.database]),
      ...(states.storage ? [] : [parts.storage]),
    ],
    facts: {
      status: word(isHealthy),
      version,
      checks: { database: word(states.database), storage: word(states.storage) },
      timestamp: new Date(now).toISOString(),
    },
  }
}
