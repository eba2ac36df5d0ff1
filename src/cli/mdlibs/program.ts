/** The arguments of `mdlibs`. */
import { Argument, Command } from 'commander'
import { addLoginCommands, addTeamCommands, addTokenCommands } from '#cli/mdlibs/account-commands'
import { completions, type Shell, shells } from '#cli/mdlibs/completions'
import { addDocs, addInit } from '#cli/mdlibs/document-commands'
import { action, type Run } from '#cli/mdlibs/flags'
import { addCarryCommands, addInstallCommands } from '#cli/mdlibs/install-commands'
import { addFindCommands, addManageCommands } from '#cli/mdlibs/library-commands'
import { addPublishCommands } from '#cli/mdlibs/publish-commands'
import { addConfigCommands, addRegistryCommands } from '#cli/mdlibs/settings-commands'
import { addSharedCommands } from '#cli/mdlibs/shared-commands'
import type { Terminal } from '#cli/terminal'

export interface MdlibsProgramOptions {
  /** For help, and for what is wrong with arguments. */
  readonly terminal: Pick<Terminal, 'print' | 'warn'>
  readonly run: Run
}

const help = `
mdlibs -V, or mdlibs --version, says which version this is.

Exit codes: 0 done, 1 unexpected, 2 usage or settings, 3 not found, 4 denied, 5 no answer, 6 no space,
8 damaged, 10 local file, 11 refused, 12 advisories, 130 interrupted.
All of it: docs/use/mdlibs.md
`

export function createMdlibsProgram({ terminal, run }: MdlibsProgramOptions): Command {
  const program = new Command('mdlibs')
    .description('Keeps libraries of markdown: documents here, and versions of them in registries.')
    .option(
      '--json',
      'for programs: one JSON document on stdout, and the failure as JSON on stderr',
    )
    .option('-q, --quiet', 'say nothing but what was asked for')
    .option('-r, --registry <name or url>', 'the registry to speak to', collect)
    .option('--timeout <seconds>', 'wait no longer for a registry that says nothing (default: 30)')
    .option('--cafile <file>', 'certificates (PEM) to trust beside those of this system')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.warn(text.replace(/\n$/, '')),
    })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', help)
  addInit(program, run)
  addSharedCommands(program, run)
  addDocs(program, run)
  addInstallCommands(program, run)
  addCarryCommands(program, run)
  addFindCommands(program, run)
  addPublishCommands(program, run)
  addManageCommands(program, run)
  addLoginCommands(program, run)
  addTokenCommands(program, run)
  addTeamCommands(program, run)
  addRegistryCommands(program, run)
  addConfigCommands(program, run)
  program
    .command('completions')
    .description('what a shell needs to complete commands: source <(mdlibs completions bash)')
    .addArgument(new Argument('<shell>').choices([...shells]))
    .action(
      action(run, async ({ terminal }, [shell = 'bash']) => {
        for (const line of completions(program, shell as Shell)) terminal.print(line) // one of the choices
      }),
    )
  return program
}

function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value]
}
