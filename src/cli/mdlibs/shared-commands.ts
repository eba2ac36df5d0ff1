/** `list`, `search` and `update` were words for documents before there were libraries to install. What is meant is decided by what is typed, and told. */
import type { Command } from 'commander'
import { cliFault } from '#cli/faults'
import { find } from '#cli/mdlibs/find'
import { action, type Run } from '#cli/mdlibs/flags'
import { listInstalled } from '#cli/mdlibs/inspect-installed'
import { updateLibraries } from '#cli/mdlibs/install'
import { addPlaceOptions, type InstallFlags, installOptions } from '#cli/mdlibs/install-commands'
import { addFindOptions, type FindFlags, findOptions } from '#cli/mdlibs/library-commands'
import { listDocuments } from '#cli/mdlibs/list-documents'
import { searchDocuments } from '#cli/mdlibs/search-documents'
import { updateDocument } from '#cli/mdlibs/update-document'

export function addSharedCommands(program: Command, run: Run): void {
  program
    .command('list')
    .description('show the documents of this library, or what is installed')
    .option('-f, --filter <text>', 'only those with this in title or path')
    .option('--installed', 'libraries that are installed', false)
    .option('--path <directory>', 'where those are (default: libraries, or as settings say)')
    .action(
      action<ListFlags>(run, (context, _texts, { filter, installed, path }) =>
        installed || path !== undefined
          ? listInstalled(context, { path, filter })
          : listDocuments(context, { filter }),
      ),
    )
  addFindOptions(program.command('search'))
    .description('find lines in the documents of this library, or libraries in a registry')
    .argument('[query]', 'text, in any case')
    .option('-t, --title-only', 'look only at titles of documents', false)
    .option('--remote', 'look for libraries; so do --registry, --tag and --scope', false)
    .action(
      action<SearchFlags>(run, async (context, [query], flags) => {
        const { remote, registry, tag, scope, license, sort, limit, titleOnly } = flags
        const said = [registry, tag, scope, license, sort, limit]
        const isRemote = remote || said.some((flag) => flag !== undefined)
        if (isRemote && titleOnly)
          throw mistaken('--title-only is about documents of this library.')
        if (isRemote) await find(context, findOptions(query, flags))
        else if (query === undefined) throw mistaken('Say what to look for.')
        else await searchDocuments(context, query, { titleOnly })
      }),
    )
  addPlaceOptions(program.command('update'))
    .description('show or retitle a document; or bring libraries up to date')
    .argument('[what...]', 'a document, or libraries: @scope/name')
    .option('-t, --title <text>', 'the new title of a document')
    .option('--all', 'all installed libraries', false)
    .option('-f, --force', 'replace what was changed here', false)
    .action(
      action<InstallFlags & UpdateFlags>(run, async (context, texts, flags) => {
        const [what, ...more] = texts
        const areLibraries = texts.every((text) => text.startsWith('@'))
        if (what === undefined ? flags.all : areLibraries) {
          if (flags.title !== undefined) throw mistaken('--title is about a document.')
          await updateLibraries(context, texts, installOptions(flags))
        } else if (what === undefined || more.length > 0 || flags.all) {
          throw mistaken('Say one document, or libraries that begin with @, or --all.')
        } else await updateDocument(context, what, { title: flags.title })
      }),
    )
}

interface ListFlags {
  readonly filter?: string
  readonly installed: boolean
  readonly path?: string
}

interface SearchFlags extends FindFlags {
  readonly titleOnly: boolean
  readonly remote: boolean
}

interface UpdateFlags {
  readonly title?: string
  readonly all: boolean
}

function mistaken(mistakes: string): Error {
  return cliFault('cli/mistaken-usage', { mistakes })
}
