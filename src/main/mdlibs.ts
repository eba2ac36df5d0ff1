/** The `mdlibs` program: gives what the process has to `runMdlibs`. */
import { mdlibsExitCodes } from '#cli/mdlibs/exit-codes'
import { runMdlibs } from '#cli/mdlibs/run'
import { openTerminal } from '#main/terminal'
import { version } from '#main/version'
import { systemWorld } from '#world/system'

const stop = new AbortController()
const interrupt = (): void => {
  if (stop.signal.aborted) process.exit(mdlibsExitCodes.interrupted)
  stop.abort()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)

// `mdlibs list | head`: who reads no further wants to hear no more.
process.stdout.on('error', () => process.exit(mdlibsExitCodes.success))

if (process.platform === 'win32') {
  process.stderr.write('Error: Windows is not supported. Use Linux, or WSL.\n')
  process.exit(mdlibsExitCodes.usage)
}
process.exitCode = await runMdlibs(process.argv.slice(2), {
  version,
  terminal: openTerminal(process),
  world: systemWorld(),
  signal: stop.signal,
  directory: process.cwd(),
})
