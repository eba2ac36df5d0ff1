/** The arguments of the commands that install libraries, and look at what is installed. */
import type { Command } from 'commander'
import { exportBundle, importBundle } from '#cli/mdlibs/bundle'
import { cleanCache, listCache } from '#cli/mdlibs/cache'
import { action, collectList, type Run } from '#cli/mdlibs/flags'
import { audit, outdated, verify } from '#cli/mdlibs/inspect-installed'
import { ci, type InstallOptions, install, uninstall } from '#cli/mdlibs/install'

/** As commander hands them over. */
export interface InstallFlags {
  readonly path?: string
  readonly force: boolean
  readonly allowScripts: boolean
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option('--path <directory>', 'where libraries are (default: libraries, or as settings say)')
    .option('--allow-scripts', 'take files that are programs, where a registry has such', false)
}

export function installOptions({ path, force, allowScripts }: InstallFlags): InstallOptions {
  return { path, isForced: force, allowsScripts: allowScripts }
}

export function addInstallCommands(program: Command, run: Run): void {
  addPlaceOptions(program.command('install'))
    .description('install what is named, and all that the project asks for')
    .argument('[libraries...]', '@scope/name, with @version, @range or @tag')
    .option('-f, --force', 'replace what was changed here', false)
    .action(
      action<InstallFlags>(run, (context, texts, flags) =>
        install(context, texts, installOptions(flags)),
      ),
    )
  addPlaceOptions(program.command('uninstall'))
    .description('take libraries out, with what nothing else needs')
    .argument('<libraries...>', '@scope/name')
    .option('-f, --force', 'also when something was changed here', false)
    .action(
      action<InstallFlags>(run, (context, texts, flags) =>
        uninstall(context, texts, installOptions(flags)),
      ),
    )
  addPlaceOptions(program.command('ci'))
    .description('install exactly what mdlibs.lock says, and change nothing else')
    .action(
      action<Omit<InstallFlags, 'force'>>(run, (context, _texts, { path, allowScripts }) =>
        ci(context, { path, allowsScripts: allowScripts }),
      ),
    )
  program
    .command('outdated')
    .description('show what is newer than what is locked')
    .action(action(run, outdated))
  program
    .command('audit')
    .description('show what is known against what is locked; exit code 12 if there is anything')
    .action(action(run, audit))
  program
    .command('verify')
    .description('compare what is installed with mdlibs.lock, and that with its registries')
    .option('--path <directory>', 'where libraries are (default: libraries, or as settings say)')
    .option('--offline', 'ask no registry', false)
    .option('--provenance-key <files>', 'PEM keys of who may have built them', collectList)
    .action(
      action<VerifyFlags>(run, (context, _texts, { path, offline, provenanceKey }) =>
        verify(context, { path, isOffline: offline, provenanceKeys: provenanceKey ?? [] }),
      ),
    )
}

export function addCarryCommands(program: Command, run: Run): void {
  program
    .command('export')
    .description('put everything that mdlibs.lock names into one file')
    .argument('<file>')
    .action(action(run, (context, [file = '']) => exportBundle(context, file)))
  program
    .command('import')
    .description('take such a file in: mdlibs ci needs no registry then')
    .argument('<file>')
    .action(action(run, (context, [file = '']) => importBundle(context, file)))
  const cache = program.command('cache').description('archives that were fetched before')
  cache.command('list').description('how many, and where').action(action(run, listCache))
  cache.command('clean').description('remove them').action(action(run, cleanCache))
}

interface VerifyFlags {
  readonly path?: string
  readonly offline: boolean
  readonly provenanceKey?: readonly string[]
}
