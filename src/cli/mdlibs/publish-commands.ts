/** The arguments of the commands that make archives of a library. */
import type { Command } from 'commander'
import { action, collectList, type Run } from '#cli/mdlibs/flags'
import { visibilityOption } from '#cli/mdlibs/library-commands'
import { pack, publish } from '#cli/mdlibs/publish'

interface PackFlags {
  readonly description?: string
  readonly tags?: readonly string[]
  readonly allowScripts: boolean
}

function addPackOptions(command: Command): Command {
  return command
    .option('--description <text>', 'instead of that in the manifest')
    .option('--tags <list>', 'instead of those in the manifest', collectList)
    .option('--allow-scripts', 'take files that are programs in', false)
}

export function addPublishCommands(program: Command, run: Run): void {
  addPackOptions(program.command('pack'))
    .description('write the archive that would be published')
    .option('--version <version>', 'instead of that in the manifest')
    .option('-o, --output <path>', 'file, or directory with / at its end')
    .action(
      action<PackFlags & { version?: string; output?: string }>(run, (context, _texts, flags) =>
        pack(context, { ...packOptions(flags), output: flags.output }),
      ),
    )
  addPackOptions(program.command('publish'))
    .description('publish this library')
    .option('--version <version>', 'instead of that in the manifest')
    .option('--dry-run', 'only show which files, and which digest', false)
    .option('--scope <scope>', 'of you or a team, when the manifest names none')
    .addOption(visibilityOption())
    .option('--confirm-public', 'that everybody may read it is meant', false)
    .option('--tag <tag>', 'a dist-tag for this version')
    .option('--provenance <file>', 'a bundle that says how the archive came to be')
    .action(
      action<PublishFlags>(run, (context, _texts, flags) =>
        publish(context, {
          ...packOptions(flags),
          isDryRun: flags.dryRun,
          confirmsPublic: flags.confirmPublic,
          scope: flags.scope,
          visibility: flags.visibility,
          tag: flags.tag,
          provenance: flags.provenance,
        }),
      ),
    )
}

interface PublishFlags extends PackFlags {
  readonly version?: string
  readonly dryRun: boolean
  readonly scope?: string
  readonly visibility?: string
  readonly confirmPublic: boolean
  readonly tag?: string
  readonly provenance?: string
}

function packOptions(flags: PackFlags & { readonly version?: string }) {
  const { version, description, tags, allowScripts } = flags
  return { changes: { version, description, tags }, allowsScripts: allowScripts }
}
