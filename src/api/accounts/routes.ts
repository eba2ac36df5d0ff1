/** All operations on people, tokens and teams: one table, which every door mounts that knows people by tokens. */
import { getAudit } from '#api/accounts/admin-audit'
import { addUser, getAnyUser, listUsers, updateUser } from '#api/accounts/admin-users'
import { changePassword } from '#api/accounts/change-password'
import { exchangeToken } from '#api/accounts/exchange-token'
import { login } from '#api/accounts/login'
import { logout } from '#api/accounts/logout'
import { register } from '#api/accounts/register'
import {
  inviteToRegister,
  listRegistrationInvitations,
  withdrawRegistrationInvitation,
} from '#api/accounts/registration-invitations'
import type { AccountParts } from '#api/accounts/route'
import {
  finishSignOn,
  listLinks,
  listProviders,
  removeLink,
  startSignOn,
} from '#api/accounts/sign-on'
import {
  acceptInvitation,
  declineInvitation,
  listInvitations,
} from '#api/accounts/team-invitations'
import { inviteMember, listMembers, removeMember, updateMember } from '#api/accounts/team-members'
import {
  createTeam,
  deleteTeam,
  getTeam,
  listTeams,
  replaceTeam,
  updateTeam,
} from '#api/accounts/teams'
import { createToken, listTokens, revokeToken } from '#api/accounts/tokens'
import { beginTotp, confirmTotp, removeTotp } from '#api/accounts/totp'
import { getMe, getUser, updateMe } from '#api/accounts/users'
import type { RestRoute } from '#api/rest-route'

export const accountRoutes: readonly RestRoute<AccountParts>[] = [
  register,
  login,
  logout,
  listTokens,
  createToken,
  revokeToken,
  changePassword,
  beginTotp,
  confirmTotp,
  removeTotp,
  listProviders,
  startSignOn,
  finishSignOn,
  listLinks,
  removeLink,
  exchangeToken,
  inviteToRegister,
  listRegistrationInvitations,
  withdrawRegistrationInvitation,
  getMe,
  updateMe,
  getUser,
  listTeams,
  createTeam,
  getTeam,
  updateTeam,
  replaceTeam,
  deleteTeam,
  listMembers,
  inviteMember,
  updateMember,
  removeMember,
  listInvitations,
  acceptInvitation,
  declineInvitation,
  listUsers,
  addUser,
  getAnyUser,
  updateUser,
  getAudit,
]
