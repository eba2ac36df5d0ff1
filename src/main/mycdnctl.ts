/** The `mycdnctl` program: reads arguments, settings, environment and signals, and runs one of its commands of room `cli`. */
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import type { CdnContext } from '#cli/mycdnctl/context'
import { cdnExitCodes } from '#cli/mycdnctl/exit-codes'
import { explainCdn } from '#cli/mycdnctl/explain'
import { type CdnFlags, createCdnProgram, registryDefault } from '#cli/mycdnctl/program'
import { BlockCodec } from '#content/block-codec'
import { BlockMemory } from '#content/block-memory'
import { RegistryClient } from '#content/registry-client'
import { ShardSource } from '#content/shard-source'
import { readMycdnctlConfig } from '#main/mycdnctl.config'
import { CdnBackends } from '#main/mycdnctl-backends'
import { openTerminal } from '#main/terminal'
import { version } from '#main/version'
import { systemWorld } from '#world/system'

/** More do not help: then sending takes longer than sealing. */
const threadsMax = 4

const stop = new AbortController()
const interrupt = (): void => {
  if (stop.signal.aborted) process.exit(cdnExitCodes.interrupted)
  stop.abort()
  process.stdin.destroy() // who waits for more of it hears so
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)

// `mycdnctl ls … | head`: who reads no further wants to hear no more.
process.stdout.on('error', () => process.exit(cdnExitCodes.success))

async function run(
  flags: CdnFlags,
  command: (context: CdnContext) => Promise<void>,
): Promise<void> {
  const world = systemWorld()
  const terminal = openTerminal(process)
  const isJson = flags.json === true
  const { signal } = stop
  try {
    const config = await readMycdnctlConfig(flags.config)
    for (const warning of config?.warnings ?? []) terminal.warn(warning)
    const token = process.env['MYCDNCTL_REGISTRY_TOKEN'] || config?.registryToken
    await using backends = new CdnBackends({
      ...{ config, world, signal, env: process.env, home: homedir() },
      allowsPrivate: flags.allowPrivate === true,
    })
    const coders = Math.min(threadsMax, availableParallelism())
    const blockMemory = new BlockMemory({ coders })
    await using codec = new BlockCodec(blockMemory)
    const backendAt = backends.at.bind(backends)
    await command({
      ...{ terminal, world, signal, isJson, codec, blockMemory, backendAt },
      stdin: () => process.stdin,
      writeOut: (bytes) =>
        new Promise((resolve, reject) => {
          process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
        }),
      registryFor: (link) => {
        const named = flags.registry ?? (link?.registry || config?.registry) ?? registryDefault
        return new RegistryClient({ url: named, token: tokenFor(named), world, signal })
      },
      source: new ShardSource({ backendAt, world, signal }),
      openUpload: async (options) => ({
        ...(await backends.open(options)),
        stateDirectory: flags.state ?? config?.stateDirectory ?? stateDefault(),
      }),
    })
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
    process.exitCode = exitCode
  } finally {
    process.stdin.destroy() // what nobody wants to read any more must not keep the program
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function stateDefault(): string {
  const base = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(base, 'mycdnctl')
}

if (process.platform === 'win32') {
  process.stderr.write('mycdnctl: Windows is not supported. Use Linux, or WSL.\n')
  process.exit(cdnExitCodes.usage)
}
try {
  await createCdnProgram({ version, run }).parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? cdnExitCodes.success : cdnExitCodes.usage
}
