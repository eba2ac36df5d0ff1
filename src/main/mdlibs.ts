/** The `mdlibs` program: gives what the process has to `runMdlibs`. */
import { X509Certificate } from 'node:crypto'
import { homedir } from 'node:os'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { mdlibsExitCodes } from '#cli/mdlibs/exit-codes'
import { runMdlibs } from '#cli/mdlibs/run'
import { askHidden, askShown } from '#main/ask'
import { endWithOutput } from '#main/output'
import { openTerminal } from '#main/terminal'
import { version } from '#main/version'
import { systemWorld } from '#world/system'

const stop = new AbortController()
const interrupt = (): void => {
  if (stop.signal.aborted) process.exit(mdlibsExitCodes.interrupted)
  stop.abort()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)

endWithOutput(process, { name: 'Error', isDeed: () => true }) // what it writes is short

if (process.platform === 'win32') {
  process.stderr.write('Error: Windows is not supported. Use Linux, or WSL.\n')
  process.exit(mdlibsExitCodes.usage)
}
const terminal = openTerminal(process)
const asking = { onInterrupt: interrupt, signal: stop.signal }
process.exitCode = await runMdlibs(process.argv.slice(2), {
  version,
  terminal,
  world: systemWorld(),
  signal: stop.signal,
  directory: process.cwd(),
  home: homedir(),
  env: process.env,
  platform: process.platform,
  ask: terminal.isInteractive
    ? {
        line: (question) => askShown(question, asking),
        hidden: (question) => askHidden(question, asking),
      }
    : undefined,
  stdin: () => process.stdin,
  lockProject: async (...call) => await (await import('#main/project-lock')).lockProject(...call),
  trust: {
    also: (certificates) => {
      new X509Certificate(certificates) // Node itself is content with a file that has none
      setDefaultCACertificates([...getCACertificates('default'), certificates])
    },
    anybody: () => {
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0' // Node looks at it anew for each connection, and warns
    },
  },
})
process.stdin.destroy() // what nobody wants to read any more must not keep the program
