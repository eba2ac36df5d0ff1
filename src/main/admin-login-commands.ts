/** The commands for how people sign in. Passwords come from the environment: arguments are seen by all users of a machine. */
import { type AdminCommand, facts, part, shared, text, user } from '#main/admin-command'

const newPassword = { env: 'MYCELIUM_NEW_PASSWORD', isSecret: true, schema: text }
const code = { argument: '<code>', help: 'six digits, or a recovery code', schema: text }

export const loginCommands: readonly AdminCommand[] = [
  {
    group: 'user',
    name: 'password',
    summary: "set a user's password, which MYCELIUM_NEW_PASSWORD holds",
    settings: { user, password: newPassword, ...shared },
    ask: ({ user: name, password }) => ({
      method: 'PUT',
      path: `/users/${part(name)}/password`,
      body: { password },
    }),
    show: (_, { user: name }) => `${name} has a new password.\n`,
  },
  {
    group: 'user',
    name: 'totp',
    summary: 'give a user codes that change (TOTP); all is shown this once',
    settings: { user, ...shared },
    ask: ({ user: name }) => ({ method: 'POST', path: `/users/${part(name)}/totp` }),
    show: ({ uri, recoveryCodes }, { user: name }, line) =>
      `${uri}\nrecovery codes, each good once: ${[recoveryCodes].flat().join(' ')}\n` +
      `Codes are asked for after\n  ${line(['admin', 'user', 'totp-confirm', String(name), 'CODE'])}\n`,
  },
  {
    group: 'user',
    name: 'totp-confirm',
    summary: 'ask a user for codes from now on',
    settings: { user, code, ...shared },
    ask: ({ user: name, code: given }) => ({
      method: 'POST',
      path: `/users/${part(name)}/totp/confirm`,
      body: { code: given },
    }),
    show: (_, { user: name }) => `${name} signs in with a code from now on.\n`,
  },
  {
    group: 'user',
    name: 'totp-remove',
    summary: 'ask a user for no codes any more',
    settings: { user, ...shared },
    ask: ({ user: name }) => ({ method: 'DELETE', path: `/users/${part(name)}/totp` }),
    show: (_, { user: name }) => `${name} signs in without a code.\n`,
  },
  {
    group: 'user',
    name: 'login',
    summary: 'show what a user signs in with',
    settings: { user, ...shared },
    ask: ({ user: name }) => ({ method: 'GET', path: `/users/${part(name)}/login` }),
    show: facts,
  },
]
