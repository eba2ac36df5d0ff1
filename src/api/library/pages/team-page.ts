/** Who is in a team, and as what. */
import {
  type FormState,
  renderButton,
  renderField,
  renderMistake,
  renderSelect,
} from '#api/library/pages/form-fields'
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { membersPath, scopePath } from '#api/library/pages/paths'
import { visibleText } from '#api/library/pages/unseen'
import { dateOf } from '#api/library/pages/words'
import { type TeamRole, teamRoles } from '#identity/actor'

export interface TeamMembersPage {
  readonly team: string
  readonly displayName: string
  readonly members: readonly {
    readonly id: string
    readonly handle: string
    readonly role: TeamRole
    readonly joinedAt?: number
  }[]
  /** That nobody has answered yet. */
  readonly invitations: readonly {
    readonly id: string
    readonly to: string
    readonly role: TeamRole
    readonly expiresAt: number
  }[]
  /** Whoever reads the page. */
  readonly handle: string
  readonly isAdmin: boolean
  readonly form: FormState
}

const roleWords: Readonly<Record<TeamRole, string>> = {
  admin: 'admin: manages the team and its libraries',
  member: 'member: publishes',
  reader: 'reader: reads what is private',
}

export function renderTeamMembersPage(page: TeamMembersPage): Html {
  const { team, displayName, isAdmin, form } = page
  const rows = page.members.map((member) => renderMember(member, page))
  return html`<div class="head"><h1>Members of ${visibleText(displayName)}</h1><p class="facts"><a href="${scopePath(team)}">@${team}</a></p></div>
    ${renderMistake(form)}
    <section class="sheet" aria-labelledby="members"><h2 id="members">Members</h2><div class="table" tabindex="0"><table><thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col" class="hide-small">Since</th><th scope="col"><span class="unseen-words">Remove</span></th></tr></thead><tbody>${rows}</tbody></table></div></section>
    ${isAdmin && renderInvite(page)}`
}

function renderMember(
  { id, handle, role, joinedAt }: TeamMembersPage['members'][number],
  { team, handle: own, isAdmin }: TeamMembersPage,
): Html {
  const isOwn = handle === own
  const path = membersPath(team)
  const choices = teamRoles.map((one) => ({ value: one, label: one, isChosen: one === role }))
  const change = html`<form class="actions" method="post" action="${`${path}/role`}"><input type="hidden" name="id" value="${id}"><label class="unseen-words" for="${`role-${handle}`}">Role of ${handle}</label><select class="fit" id="${`role-${handle}`}" name="role">${choices.map(({ value, isChosen }) => (isChosen ? html`<option value="${value}" selected>${value}</option>` : html`<option value="${value}">${value}</option>`))}</select><button class="slim" type="submit">Set<span class="unseen-words"> the role of ${handle}</span></button></form>`
  return html`<tr><th scope="row"><a href="${scopePath(handle)}">@${handle}</a>${isOwn && html` <span class="pill">you</span>`}</th><td>${isAdmin ? change : role}</td><td class="hide-small">${joinedAt !== undefined && dateOf(joinedAt)}</td><td>${(isAdmin || isOwn) && renderButton({ action: `${path}/remove`, label: isOwn ? 'Leave' : 'Remove', about: isOwn ? team : handle, hidden: { id }, look: 'slim danger' })}</td></tr>`
}

function renderInvite({ team, invitations, form }: TeamMembersPage): HtmlPart {
  const path = membersPath(team)
  const waiting = invitations.map(
    ({ id, to, role, expiresAt }) =>
      html`<li><div class="actions"><span>@${to} as ${role}, until ${dateOf(expiresAt)}</span>${renderButton({ action: `${path}/withdraw`, label: 'Withdraw', about: `the invitation of ${to}`, hidden: { id } })}</div></li>`,
  )
  const choices = teamRoles.map((role) => ({
    value: role,
    label: roleWords[role],
    isChosen: role === 'member',
  }))
  return html`<section class="sheet" aria-labelledby="invite"><h2 id="invite">Invite somebody</h2><form class="inline-form" method="post" action="${`${path}/invite`}">${renderField({ name: 'username', label: 'Name' }, form)}${renderSelect({ name: 'role', label: 'Role' }, choices)}<button class="primary" type="submit">Invite</button></form>
      ${waiting.length > 0 && html`<h3 class="space">Not answered yet</h3><ul class="plain">${waiting}</ul>`}</section>`
}
