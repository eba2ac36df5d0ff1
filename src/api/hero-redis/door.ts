/** The door for Hero Redis's clients: commands of its protocol, who may give them, and its errors in Redis's words. */
import { type Call, type Command, wordOf } from '#api/hero-redis/command'
import { connectionCommands } from '#api/hero-redis/connection'
import { errorText, loginNeeded, valueTooLong } from '#api/hero-redis/errors'
import { heroFault } from '#api/hero-redis/faults'
import { loginCommands } from '#api/hero-redis/login'
import { LoginTokens } from '#api/hero-redis/login-tokens'
import { Session, type SessionParts } from '#api/hero-redis/session'
import { valueCommands } from '#api/hero-redis/values'
import { type Fault, isFault } from '#fault/fault'
import { keyBytesMax, valueBytesMax } from '#redis/limits'
import { smallRequestBytes } from '#redis/request-reader'
import type { RespReply } from '#redis/resp'
import type { RedisOutcome, RedisSession } from '#redis/session'
import type { Telemetry } from '#telemetry/telemetry'

export interface HeroRedisDoorParts extends Omit<SessionParts, 'tokens'> {
  readonly telemetry: Pick<Telemetry, 'commandEnded'>
}

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({ ...loginCommands, ...connectionCommands, ...valueCommands }).map(
    ([name, command]) => [name.toLowerCase(), command] as const,
  ),
)

/** SET, its key and the longest value. */
const longRequestBytes = valueBytesMax + keyBytesMax + 'SET'.length

/** Opens sessions; what they have in common are the tokens that were issued. */
export function openHeroRedisDoor(parts: HeroRedisDoorParts): (peer: string) => RedisSession {
  const tokens = new LoginTokens(parts.world)
  return (peer) => new DoorSession(new Session({ ...parts, tokens }, peer), { ...parts, peer })
}

class DoorSession implements RedisSession {
  readonly #session: Session
  readonly #parts: HeroRedisDoorParts & { readonly peer: string }

  constructor(session: Session, parts: HeroRedisDoorParts & { readonly peer: string }) {
    this.#session = session
    this.#parts = parts
  }

  /** Who may write nowhere has nothing long to say. */
  get limit(): { readonly bytesMax: number; readonly refusal: string } {
    const { caller, isLoggedIn } = this.#session
    if (this.#parts.rights().mayAnywhere(caller, 'write')) {
      return { bytesMax: longRequestBytes, refusal: valueTooLong }
    }
    const refusal = isLoggedIn ? 'ERR Protocol error: invalid bulk length' : loginNeeded
    return { bytesMax: smallRequestBytes, refusal }
  }

  async answer(
    [word = new Uint8Array(0), ...args]: readonly Uint8Array[],
    { makeRoom }: { readonly makeRoom: () => Promise<void> },
  ): Promise<RedisOutcome> {
    const { world, telemetry, peer } = this.#parts
    const session = this.#session
    const startedAt = world.monotonic()
    const { db } = session
    const name = wordOf(word).toLowerCase()
    const command = commands.get(name)
    const { reply, fault } = await attempt(() => run(name, command, { session, args, makeRoom }))
    telemetry.commandEnded({
      command: command === undefined ? 'unknown' : name,
      db,
      principal: this.#parts.rights().nameOf(session.caller),
      peer,
      outcome: outcomeOf(fault),
      bytesIn: args.reduce((sum, arg) => sum + arg.length, 0),
      bytesOut: reply.kind === 'bulk' ? reply.bytes.length : 0,
      ms: world.monotonic() - startedAt,
      ...(fault === undefined ? {} : { faultCode: fault.code }),
    })
    return { reply, isLast: command?.isLast === true || session.isHopeless }
  }
}

/** What nobody expected is thrown on. */
async function attempt(
  work: () => Promise<RespReply>,
): Promise<{ readonly reply: RespReply; readonly fault?: Fault }> {
  try {
    return { reply: await work() }
  } catch (error) {
    const text = errorText(error)
    if (!isFault(error) || text === undefined) throw error
    return { reply: { kind: 'error', text }, fault: error }
  }
}

async function run(name: string, command: Command | undefined, call: Call): Promise<RespReply> {
  const { session, args } = call
  if (command?.isOpen !== true && !session.isWelcome) throw heroFault('hero-redis/login-needed')
  if (command === undefined) {
    throw heroFault('hero-redis/unknown-command', { command: printable(name) })
  }
  if (args.length < command.min || args.length > command.max) {
    throw heroFault('hero-redis/wrong-arguments', { command: name })
  }
  return await command.run(call)
}

function outcomeOf(fault: Fault | undefined): 'done' | 'refused' | 'failed' {
  if (fault === undefined) return 'done'
  return fault.code.startsWith('redis/') ? 'failed' : 'refused'
}

/** Nothing that could end the line of the answer, and nothing long. */
function printable(name: string): string {
  return name.replaceAll(/[^!-~]/g, '?').slice(0, 64)
}
