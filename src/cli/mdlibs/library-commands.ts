/** The arguments of the commands about libraries in a registry. */
import { type Command, Option } from 'commander'
import { find, findSorts, parseLimit } from '#cli/mdlibs/find'
import { action, type MdlibsFlags, type Run } from '#cli/mdlibs/flags'
import { info, versions } from '#cli/mdlibs/info'
import {
  changeLibrary,
  deprecate,
  listDistTags,
  removeDistTag,
  review,
  setDistTag,
  unpublish,
  unyank,
  yank,
} from '#cli/mdlibs/manage'
import {
  answerOwnership,
  inviteOwner,
  listGrants,
  listOwnerInvitations,
  listOwners,
  removeGrant,
  removeOwner,
  setGrant,
} from '#cli/mdlibs/owner'

const versionText = '@scope/name@version'

/** Of `find`, and of `search` when libraries are meant. */
export interface FindFlags {
  readonly tag?: string
  readonly scope?: string
  readonly license?: string
  readonly sort?: string
  readonly limit?: string
}

export function addFindOptions(command: Command): Command {
  return command
    .option('--tag <tag>', 'only those with this tag')
    .option('--scope <scope>', 'only those of this user or team')
    .option('--license <expression>', 'only those under this licence')
    .addOption(new Option('--sort <key>', 'the order').choices([...findSorts]))
    .option('--limit <count>', 'show no more, up to 100 (default: 20)')
}

export function findOptions(query: string | undefined, flags: MdlibsFlags & FindFlags) {
  const { tag, scope, license, sort, limit, registry = [] } = flags
  return { query, tag, scope, license, sort, limit: parseLimit(limit), registries: registry }
}

export function addFindCommands(program: Command, run: Run): void {
  addFindOptions(program.command('find').description('look for libraries in a registry'))
    .argument('[query]', 'words')
    .action(
      action<FindFlags>(run, (context, [query], flags) => find(context, findOptions(query, flags))),
    )
  program
    .command('info')
    .alias('view')
    .description('what a registry knows of a library, or of one version')
    .argument('<library>', '@scope/name, with @version for one of them')
    .action(action(run, (context, [text = '']) => info(context, text)))
  program
    .command('versions')
    .description('all versions of a library')
    .argument('<library>', '@scope/name')
    .action(action(run, (context, [text = '']) => versions(context, text)))
}

export function addManageCommands(program: Command, run: Run): void {
  program
    .command('yank')
    .description('let nobody get a version by surprise; who has it locked still does')
    .argument('<version>', versionText)
    .requiredOption('--reason <text>', 'why')
    .action(
      action<{ reason: string }>(run, (context, [text = ''], { reason }) =>
        yank(context, text, reason),
      ),
    )
  program
    .command('unyank')
    .description('take that back')
    .argument('<version>', versionText)
    .action(action(run, (context, [text = '']) => unyank(context, text)))
  program
    .command('deprecate')
    .description('warn whoever uses a library, or a version')
    .argument('<library>', '@scope/name, with @version for one of them')
    .argument('[message]', 'what they are told')
    .option('--undo', 'take the warning back', false)
    .action(
      action<{ undo: boolean }>(run, async (context, [text = '', message], { undo }) => {
        await deprecate(context, text, { message, isUndone: undo })
      }),
    )
  program
    .command('unpublish')
    .description('delete a version, while that can be done')
    .argument('<version>', versionText)
    .option('-f, --force', 'delete it', false)
    .action(
      action<{ force: boolean }>(run, (context, [text = ''], { force }) =>
        unpublish(context, text, { isForced: force }),
      ),
    )
  program
    .command('approve')
    .description('let a version that waits go live')
    .argument('<version>', versionText)
    .action(action(run, (context, [text = '']) => review(context, text, { rejection: undefined })))
  program
    .command('reject')
    .description('block a version that waits')
    .argument('<version>', versionText)
    .requiredOption('--reason <text>', 'why')
    .action(
      action<{ reason: string }>(run, (context, [text = ''], { reason }) =>
        review(context, text, { rejection: reason }),
      ),
    )
  program
    .command('set')
    .description('who sees a library, and how versions get in')
    .argument('<library>', '@scope/name')
    .addOption(visibilityOption())
    .option('--confirm-public', 'that everybody may read it is meant', false)
    .addOption(yesOrNo('--archived', 'takes no more versions'))
    .addOption(yesOrNo('--staged', 'new versions wait for an approval'))
    .addOption(yesOrNo('--trusted-only', 'takes versions of trusted publishers only'))
    .action(
      action<SetFlags>(run, (context, [text = ''], flags) =>
        changeLibrary(context, text, {
          visibility: flags.visibility,
          confirmsPublic: flags.confirmPublic,
          archived: isYes(flags.archived),
          staged: isYes(flags.staged),
          trustedOnly: isYes(flags.trustedOnly),
        }),
      ),
    )
  addDistTagCommands(program, run)
  addOwnerCommands(program, run)
}

interface SetFlags {
  readonly visibility?: string
  readonly confirmPublic: boolean
  readonly archived?: string
  readonly staged?: string
  readonly trustedOnly?: string
}

export function visibilityOption(): Option {
  return new Option('--visibility <who>', 'who sees it').choices(['public', 'internal', 'private'])
}

function yesOrNo(flag: string, text: string): Option {
  return new Option(`${flag} <yes or no>`, text).choices(['yes', 'no'])
}

function isYes(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'yes'
}

function addDistTagCommands(program: Command, run: Run): void {
  const tags = program.command('dist-tag').description('names for versions, as latest is one')
  tags
    .command('list')
    .description('show them')
    .argument('<library>', '@scope/name')
    .action(action(run, (context, [text = '']) => listDistTags(context, text)))
  tags
    .command('add')
    .description('let a tag name a version')
    .argument('<version>', versionText)
    .argument('<tag>')
    .action(action(run, (context, [text = '', tag = '']) => setDistTag(context, text, tag)))
  tags
    .command('remove')
    .description('forget a tag')
    .argument('<library>', '@scope/name')
    .argument('<tag>')
    .action(action(run, (context, [text = '', tag = '']) => removeDistTag(context, text, tag)))
}

function addOwnerCommands(program: Command, run: Run): void {
  const owner = program.command('owner').description('who manages a library')
  owner
    .command('list')
    .description('show them, and who is asked')
    .argument('<library>', '@scope/name')
    .action(action(run, (context, [text = '']) => listOwners(context, text)))
  for (const [verb, isTransfer, what] of [
    ['add', false, 'ask somebody to own it too'],
    ['transfer', true, 'ask somebody to own it instead'],
  ] as const) {
    owner
      .command(verb)
      .description(what)
      .argument('<library>', '@scope/name')
      .argument('<handle>', 'of a user or team')
      .action(
        action(run, (context, [text = '', handle = '']) =>
          inviteOwner(context, text, { handle, isTransfer }),
        ),
      )
  }
  owner
    .command('remove')
    .description('somebody owns it no longer')
    .argument('<library>', '@scope/name')
    .argument('<handle>')
    .action(action(run, (context, [text = '', handle = '']) => removeOwner(context, text, handle)))
  owner
    .command('invitations')
    .description('show what you are asked to own')
    .action(action(run, listOwnerInvitations))
  for (const [verb, accepts] of [
    ['accept', true],
    ['decline', false],
  ] as const) {
    owner
      .command(verb)
      .description(accepts ? 'take what is offered' : 'do not take it, or take the offer back')
      .argument('<library>', '@scope/name')
      .option('--for <handle>', 'a team that you administer, instead of you')
      .action(
        action<{ for?: string }>(run, (context, [text = ''], flags) =>
          answerOwnership(context, text, { handle: flags.for, accepts }),
        ),
      )
  }
  addGrantCommands(program, run)
}

function addGrantCommands(program: Command, run: Run): void {
  const grant = program.command('grant').description('who else may read or publish a library')
  grant
    .command('list')
    .description('show them')
    .argument('<library>', '@scope/name')
    .action(action(run, (context, [text = '']) => listGrants(context, text)))
  grant
    .command('add')
    .description('let a user or team read or publish it')
    .argument('<library>', '@scope/name')
    .argument('<handle>')
    .addOption(
      new Option('--role <role>', 'what they may').choices(['read', 'publish']).default('read'),
    )
    .action(
      action<{ role: string }>(run, (context, [text = '', handle = ''], { role }) =>
        setGrant(context, text, { handle, role }),
      ),
    )
  grant
    .command('remove')
    .description('take that back')
    .argument('<library>', '@scope/name')
    .argument('<handle>')
    .action(action(run, (context, [text = '', handle = '']) => removeGrant(context, text, handle)))
}
