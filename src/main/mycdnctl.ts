/** The `mycdnctl` program: its environment, streams and signals. */
import { homedir } from 'node:os'
import { cdnExitCodes } from '#cli/mycdnctl/exit-codes'
import type { CommandKind } from '#cli/program'
import { runMycdnctl } from '#main/mycdnctl-run'
import { endWithOutput } from '#main/output'

const stop = new AbortController()
const interrupt = (): void => {
  if (stop.signal.aborted) process.exit(cdnExitCodes.interrupted)
  stop.abort()
  process.stdin.destroy() // who waits for more of it hears so
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)

let kind: CommandKind = 'output'
endWithOutput(process, { name: 'mycdnctl', isDeed: () => kind === 'deed' })

if (process.platform === 'win32') {
  process.stderr.write('mycdnctl: Windows is not supported. Use Linux, or WSL.\n')
  process.exit(cdnExitCodes.usage)
}
const { env, stdin, stdout, stderr } = process
const { signal } = stop
process.exitCode = await runMycdnctl(process.argv.slice(2), {
  ...{ env, stdin, stdout, stderr, signal },
  home: homedir(),
  onKind: (begun) => {
    kind = begun
  },
})
process.stdin.destroy() // what nobody wants to read any more must not keep the program
