import type { Session } from '#api/hero-redis/session'
import type { RespReply } from '#redis/resp'

export interface Call {
  readonly session: Session
  /** Without the command's name. */
  readonly args: readonly Uint8Array[]
  /** Awaited before a value is read into memory. */
  readonly makeRoom: () => Promise<void>
}

export interface Command {
  /** How many arguments it takes. */
  readonly min: number
  readonly max: number
  /** Anybody may, before they have logged in. */
  readonly isOpen?: true
  /** The connection is closed behind the answer. */
  readonly isLast?: true
  run(call: Call): Promise<RespReply> | RespReply
}

export const ok: RespReply = { kind: 'simple', text: 'OK' }

export function textReply(text: string): RespReply {
  return { kind: 'bulk', bytes: Buffer.from(text) }
}

/** Words of commands; what is no such word is none. */
export function wordOf(arg: Uint8Array | undefined): string {
  return Buffer.from(arg ?? []).toString('latin1')
}
