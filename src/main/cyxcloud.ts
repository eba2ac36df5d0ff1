/** The `cyxcloud` program: reads arguments, environment and signals, and runs one of the commands of room `cli`. */
import { homedir } from 'node:os'
import { CommanderError } from 'commander'
import type { Context } from '#cli/context'
import { cliExitCodes } from '#cli/exit-codes'
import { explainCli, type Surroundings } from '#cli/explain'
import { tellMistakes } from '#cli/mistakes'
import { type CommandKind, type CommonFlags, createProgram } from '#cli/program'
import { askHidden } from '#main/ask'
import { readCyxcloudConfig, readSecret } from '#main/cyxcloud.config'
import { endWithOutput } from '#main/output'
import { openTerminal } from '#main/terminal'
import { version } from '#main/version'
import { openEndpoint } from '#s3/endpoint'
import { systemWorld } from '#world/system'

const stop = new AbortController()
const interrupt = (): void => {
  if (stop.signal.aborted) process.exit(cliExitCodes.interrupted)
  stop.abort()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)

let isDeed = false // help is output
endWithOutput(process, { name: 'cyxcloud', isDeed: () => isDeed })

async function run(
  flags: CommonFlags,
  command: (context: Context) => Promise<void>,
  kind: CommandKind,
): Promise<void> {
  isDeed = kind === 'deed'
  const world = systemWorld()
  const terminal = openTerminal(process)
  const isJson = flags.json === true
  let surroundings: Surroundings = {}
  try {
    const config = await readCyxcloudConfig({ flags, env: process.env, home: homedir() })
    surroundings = config
    using endpoint = openEndpoint({ ...config, world })
    await command({
      endpoint,
      terminal,
      world,
      signal: stop.signal,
      isJson,
      lanes: flags.parallel,
      stdin: () => process.stdin,
      writeOut: (bytes) =>
        new Promise((resolve, reject) => {
          process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
        }),
      secrets: {
        given: await readSecret({ flags, env: process.env }),
        ask:
          terminal.isInteractive && !isJson
            ? (question) => askHidden(question, { onInterrupt: interrupt, signal: stop.signal })
            : undefined,
      },
    })
  } catch (error) {
    const { code, text, exitCode } = explainCli(error, surroundings)
    terminal.warn(
      isJson ? JSON.stringify({ error: { code, message: text, exitCode } }) : `cyxcloud: ${text}`,
    )
    process.exitCode = exitCode
  } finally {
    process.stdin.destroy() // what nobody wants to read any more must not keep the program
  }
}

if (process.platform === 'win32') {
  process.stderr.write('cyxcloud: Windows is not supported. Use Linux, or WSL.\n')
  process.exit(cliExitCodes.usage)
}
const program = createProgram({ version, run })
tellMistakes(program, { args: process.argv.slice(2), exitCode: cliExitCodes.usage })
try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? cliExitCodes.success : cliExitCodes.usage
}
