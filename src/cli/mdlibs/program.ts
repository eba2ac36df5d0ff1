/** The arguments of `mdlibs`. */
import { Command } from 'commander'
import { addDocs, addInit } from '#cli/mdlibs/document-commands'
import type { MdlibsFlags, Run } from '#cli/mdlibs/flags'
import { listDocuments } from '#cli/mdlibs/list-documents'
import { searchDocuments } from '#cli/mdlibs/search-documents'
import { addConfigCommands, addRegistryCommands } from '#cli/mdlibs/settings-commands'
import { updateDocument } from '#cli/mdlibs/update-document'
import type { Terminal } from '#cli/terminal'

export interface MdlibsProgramOptions {
  readonly version: string
  /** For help, and for what is wrong with arguments. */
  readonly terminal: Pick<Terminal, 'print' | 'warn'>
  readonly run: Run
}

const help = `
Exit codes: 0 done, 1 unexpected, 2 usage or settings, 3 not found, 4 denied, 5 no answer, 6 no space,
8 damaged, 10 local file, 11 refused, 130 interrupted.
All of it: docs/use/mdlibs.md
`

export function createMdlibsProgram({ version, terminal, run }: MdlibsProgramOptions): Command {
  const program = new Command('mdlibs')
    .description('Keeps libraries of markdown.')
    .version(version, '-V, --version')
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
  program
    .command('list')
    .description('show the documents of this library')
    .option('-f, --filter <text>', 'only those with this in title or path')
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags & { filter?: string }>()
      await run(flags, (context) => listDocuments(context, { filter: flags.filter }))
    })
  program
    .command('update')
    .description('show what a document is, or give it another title')
    .argument('<document>', 'path or name, with or without .md')
    .option('-t, --title <text>', 'its new title')
    .action(async (document: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags & { title?: string }>()
      await run(flags, (context) => updateDocument(context, document, { title: flags.title }))
    })
  program
    .command('search')
    .description('find lines in the documents of this library')
    .argument('<query>', 'text, in any case')
    .option('-t, --title-only', 'look only at titles', false)
    .action(async (query: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags & { titleOnly: boolean }>()
      const { titleOnly } = flags
      await run(flags, (context) => searchDocuments(context, query, { titleOnly }))
    })
  addDocs(program, run)
  addRegistryCommands(program, run)
  addConfigCommands(program, run)
  return program
}

function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value]
}
