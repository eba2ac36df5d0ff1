/** The arguments of the commands about oneself, one's tokens and one's teams. */
import { type Command, Option } from 'commander'
import { action, collectList, type Run } from '#cli/mdlibs/flags'
import { login, logout, whoami } from '#cli/mdlibs/login'
import {
  answerTeam,
  changeMember,
  changeTeam,
  createTeam,
  deleteTeam,
  inviteMember,
  listTeamInvitations,
  listTeams,
  removeMember,
  teamInfo,
  teamRoles,
} from '#cli/mdlibs/team'
import { createToken, listTokens, parseDays, revokeToken } from '#cli/mdlibs/token'

export function addLoginCommands(program: Command, run: Run): void {
  program
    .command('login')
    .description('sign in at a registry, and keep its token')
    .argument('[url]', 'address of a registry, which becomes one of yours')
    .option('-u, --username <name>', 'who you are (asked otherwise)')
    .option('--token <token>', 'a token that you have; - reads it from standard input')
    .action(
      action<{ username?: string; token?: string }>(run, (context, [url], { username, token }) =>
        login(context, { url, username, token }),
      ),
    )
  program
    .command('logout')
    .description('end the session at a registry, and forget its token')
    .action(action(run, logout))
  program.command('whoami').description('who a registry takes you for').action(action(run, whoami))
}

export function addTokenCommands(program: Command, run: Run): void {
  const token = program.command('token').description('tokens for programs')
  token
    .command('create')
    .description('make one, and show it once')
    .argument('<name>')
    .option('--expires <days>', 'days it is good for, or never (default: what the registry has)')
    .option('--scopes <list>', 'read, publish, yank, admin:team', collectList)
    .option('--libraries <list>', 'only these: @scope/*, @scope/name', collectList)
    .action(
      action<TokenFlags>(run, (context, [name = ''], { expires, scopes, libraries }) =>
        createToken(context, { name, days: parseDays(expires), scopes, libraries }),
      ),
    )
  token.command('list').description('show those you have').action(action(run, listTokens))
  token
    .command('revoke')
    .description('end one')
    .argument('<id or name>')
    .action(action(run, (context, [wanted = '']) => revokeToken(context, wanted)))
}

interface TokenFlags {
  readonly expires?: string
  readonly scopes?: readonly string[]
  readonly libraries?: readonly string[]
}

export function addTeamCommands(program: Command, run: Run): void {
  const team = program.command('team').description('teams and their members')
  const role = (): Option => new Option('--role <role>', 'what they may').choices([...teamRoles])
  team.command('list').description('show yours').action(action(run, listTeams))
  team
    .command('create')
    .description('make one; you are its admin')
    .argument('<name>')
    .option('--display-name <text>', 'how it is called')
    .action(
      action<{ displayName?: string }>(run, (context, [name = ''], { displayName }) =>
        createTeam(context, { name, displayName }),
      ),
    )
  team
    .command('info')
    .description('show one and its members')
    .argument('<name>')
    .action(action(run, (context, [name = '']) => teamInfo(context, name)))
  team
    .command('rename')
    .description('call it otherwise; its name in addresses stays')
    .argument('<name>')
    .argument('<display name>')
    .action(
      action(run, (context, [name = '', displayName = '']) =>
        changeTeam(context, name, { displayName }),
      ),
    )
  team
    .command('delete')
    .description('end one that has no libraries')
    .argument('<name>')
    .action(action(run, (context, [name = '']) => deleteTeam(context, name)))
  team
    .command('invite')
    .description('ask somebody to join')
    .argument('<name>')
    .argument('<username>')
    .addOption(role().default('member'))
    .action(
      action<{ role: string }>(run, (context, [name = '', username = ''], flags) =>
        inviteMember(context, name, { username, role: flags.role }),
      ),
    )
  team
    .command('role')
    .description('change what a member may')
    .argument('<name>')
    .argument('<username>')
    .argument('<role>', teamRoles.join(', '))
    .action(
      action(run, (context, [name = '', username = '', wanted = '']) =>
        changeMember(context, name, { username, role: wanted }),
      ),
    )
  team
    .command('remove')
    .description('take a member out, or leave')
    .argument('<name>')
    .argument('<username>')
    .action(
      action(run, (context, [name = '', username = '']) => removeMember(context, name, username)),
    )
  team
    .command('invitations')
    .description('show who asks you to join')
    .action(action(run, listTeamInvitations))
  for (const [verb, accepts] of [
    ['accept', true],
    ['decline', false],
  ] as const) {
    team
      .command(verb)
      .description(accepts ? 'join a team that asks you' : 'do not join it')
      .argument('<name>', 'of the team, or the id of the invitation')
      .action(action(run, (context, [name = '']) => answerTeam(context, name, { accepts })))
  }
}
