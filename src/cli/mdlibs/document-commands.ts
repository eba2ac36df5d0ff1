/** The arguments of the commands that know documents of this machine only. */
import type { Command } from 'commander'
import type { MdlibsFlags, Run } from '#cli/mdlibs/flags'
import { init } from '#cli/mdlibs/init'
import { listDocuments } from '#cli/mdlibs/list-documents'
import { searchDocuments } from '#cli/mdlibs/search-documents'
import { updateDocument } from '#cli/mdlibs/update-document'

export function addInit(program: Command, run: Run): void {
  program
    .command('init')
    .description('make a directory a library')
    .argument('[path]', 'directory', '.')
    .action(async (path: string, _own: unknown, command: Command) => {
      await run(command.optsWithGlobals<MdlibsFlags>(), (context) => init(context, path))
    })
}

/** `docs list|search|update`: what is meant when `list`, `search` and `update` could mean libraries. */
export function addDocs(program: Command, run: Run): void {
  const docs = program.command('docs').description('documents of this library, and nothing else')
  docs
    .command('list')
    .description('show titles and paths')
    .option('-f, --filter <text>', 'only those with this in title or path')
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags & { filter?: string }>()
      await run(flags, (context) => listDocuments(context, { filter: flags.filter }))
    })
  docs
    .command('search')
    .description('find lines')
    .argument('<query>', 'text, in any case')
    .option('-t, --title-only', 'look only at titles', false)
    .action(async (query: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags & { titleOnly: boolean }>()
      const { titleOnly } = flags
      await run(flags, (context) => searchDocuments(context, query, { titleOnly }))
    })
  docs
    .command('update')
    .description('show what a document is, or give it another title')
    .argument('<document>', 'path or name, with or without .md')
    .option('-t, --title <text>', 'its new title')
    .action(async (document: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags & { title?: string }>()
      await run(flags, (context) => updateDocument(context, document, { title: flags.title }))
    })
}
