/** A run of `mycdnctl`: reads arguments and settings, and does one of the commands of room `cli`. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { tellMistakes } from '#cli/mistakes'
import type { CdnContext } from '#cli/mycdnctl/context'
import { cdnExitCodes } from '#cli/mycdnctl/exit-codes'
import { explainCdn } from '#cli/mycdnctl/explain'
import {
  type CdnCommands,
  type CdnFlags,
  createCdnProgram,
  registryDefault,
} from '#cli/mycdnctl/program'
import type { CommandKind } from '#cli/program'
import { BlockCodec } from '#content/block-codec'
import { BlockMemory } from '#content/block-memory'
import { RegistryClient } from '#content/registry-client'
import { ShardSource } from '#content/shard-source'
import { readMycdnctlConfig } from '#main/mycdnctl.config'
import { CdnBackends } from '#main/mycdnctl-backends'
import { type Output, openTerminal } from '#main/terminal'
import { version } from '#main/version'
import { systemWorld } from '#world/system'

/** More do not help: then sending takes longer than sealing. */
const threadsMax = 4

export interface CdnSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Called before a command begins. */
  readonly onKind?: (kind: CommandKind) => void
}

/** The first thread of the codec starts while what the command needs is loaded, names are looked up and connections made. */
const commands: CdnCommands = {
  upload: async (context, ...args) => {
    context.codec.start()
    const { upload } = await import('#cli/mycdnctl/upload')
    await upload(context, ...args)
  },
  download: async (context, ...args) => {
    context.codec.start()
    const { download } = await import('#cli/mycdnctl/download')
    await download(context, ...args)
  },
  verify: async (...args) => (await import('#cli/mycdnctl/verify')).verify(...args),
  ls: async (...args) => (await import('#cli/mycdnctl/ls')).ls(...args),
  rm: async (...args) => (await import('#cli/mycdnctl/rm')).rm(...args),
}

/** The exit code. `args`: without the program's name. */
export async function runMycdnctl(
  args: readonly string[],
  surroundings: CdnSurroundings,
): Promise<number> {
  const { stdout, stderr } = surroundings
  let exitCode: number = cdnExitCodes.success
  const program = createCdnProgram({
    ...{ version, commands },
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    async run(flags, command, kind) {
      surroundings.onKind?.(kind)
      exitCode = await runCommand(flags, command, surroundings)
    },
  })
  tellMistakes(program, { args, exitCode: cdnExitCodes.usage })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? cdnExitCodes.success : cdnExitCodes.usage
  }
}

async function runCommand(
  flags: CdnFlags,
  command: (context: CdnContext) => Promise<void>,
  { env, home, stdin, stdout, stderr, signal }: CdnSurroundings,
): Promise<number> {
  const world = systemWorld()
  const terminal = openTerminal({ stdout, stderr })
  const isJson = flags.json === true
  try {
    const config = await readMycdnctlConfig(flags.config)
    for (const warning of config?.warnings ?? []) terminal.warn(warning)
    const token = env['MYCDNCTL_REGISTRY_TOKEN'] || config?.registryToken
    await using backends = new CdnBackends({
      ...{ config, world, signal, env, home },
      allowsPrivate: flags.allowPrivate === true,
    })
    const blockMemory = new BlockMemory({ coders: threadsBeside() })
    await using codec = new BlockCodec(blockMemory)
    const backendAt = backends.at.bind(backends)
    await command({
      ...{ terminal, world, signal, isJson, codec, blockMemory, backendAt },
      stdin: () => stdin,
      writeOut: (bytes) =>
        new Promise((resolve, reject) => {
          stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
        }),
      registryFor: (link) => {
        const named = flags.registry ?? (link?.registry || config?.registry) ?? registryDefault
        return new RegistryClient({ url: named, token: tokenFor(named), world, signal })
      },
      source: new ShardSource({ backendAt, world, signal }),
      openUpload: async (options) => ({
        ...(await backends.open(options)),
        stateDirectory: flags.state ?? config?.stateDirectory ?? stateDefault(env, home),
      }),
    })
    return cdnExitCodes.success
    /** Only for the registry it is meant for: a stranger's link must not collect it. */
    function tokenFor(url: string): string | undefined {
      const own = flags.registry ?? config?.registry ?? registryDefault
      return new URL(url).origin === new URL(own).origin ? token : undefined
    }
  } catch (error) {
    const { code, text, exitCode } = explainCdn(error)
    terminal.warn(
      isJson ? JSON.stringify({ error: { code, message: text, exitCode } }) : `mycdnctl: ${text}`,
    )
    return exitCode
  }
}

/** The first thread, which speaks to backends, has as much to do as one that seals. */
function threadsBeside(): number {
  return Math.min(threadsMax, Math.max(1, availableParallelism() - 1))
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function stateDefault(env: CdnSurroundings['env'], home: string): string {
  return join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'mycdnctl')
}
