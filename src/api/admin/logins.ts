import { z } from 'zod'
import { type Names, route } from '#api/admin/route'
import { printUser, user } from '#api/admin/users'

const password = z.strictObject({ password: z.string() })
const code = z.strictObject({ code: z.string() })
const credentials = z.strictObject({
  user: z.string().describe('name or id'),
  password: z.string(),
  code: z.string().optional().describe('six digits, or a recovery code'),
})

const state = z.object({
  hasPassword: z.boolean(),
  totp: z.enum(['none', 'pending', 'active']),
  recoveryCodes: z.number().describe('how many are left'),
})

const newTotp = z.object({
  secret: z.string().describe('base32; shown this once'),
  uri: z.string().describe('for authenticator apps'),
  recoveryCodes: z.array(z.string()).describe('each is good once; shown this once'),
})

const userName = (names: Names): string => names['user'] ?? ''
const ofPassword = '/users/{user}/password'
const ofTotp = '/users/{user}/totp'

export const loginRoutes = [
  route({
    method: 'GET',
    path: '/users/{user}/login',
    summary: 'What a user signs in with',
    answer: state,
    status: 200,
    run: ({ accounts }, { names }) => accounts.logins.state(userName(names)),
  }),
  route<z.infer<typeof password>>({
    method: 'PUT',
    path: ofPassword,
    summary: "Set a user's password",
    body: password,
    status: 204,
    run: ({ accounts }, { names, body }) =>
      accounts.logins.setPassword(userName(names), body.password),
  }),
  route({
    method: 'DELETE',
    path: ofPassword,
    summary: "Take a user's password away",
    status: 204,
    run: ({ accounts }, { names }) => accounts.logins.setPassword(userName(names), undefined),
  }),
  route({
    method: 'POST',
    path: ofTotp,
    summary: 'Give a user codes that change; they are asked for once one of them was confirmed',
    answer: newTotp,
    status: 201,
    run: ({ accounts }, { names }) => accounts.logins.beginTotp(userName(names)),
  }),
  route<z.infer<typeof code>>({
    method: 'POST',
    path: `${ofTotp}/confirm`,
    summary: 'Ask for codes from now on, since the user has one',
    body: code,
    status: 204,
    run: ({ accounts }, { names, body }) => accounts.logins.confirmTotp(userName(names), body.code),
  }),
  route({
    method: 'DELETE',
    path: ofTotp,
    summary: 'Ask for no codes any more',
    status: 204,
    run: ({ accounts }, { names }) => accounts.logins.removeTotp(userName(names)),
  }),
  route<z.infer<typeof credentials>>({
    method: 'POST',
    path: '/logins',
    summary: 'Whose credentials these are; too many wrong ones in a row have to wait',
    body: credentials,
    answer: user,
    status: 200,
    run: async ({ accounts }, { body: { user: name, password: text, code: given } }) => {
      const asked = { name, password: text, ...(given === undefined ? {} : { code: given }) }
      return printUser(await accounts.logins.login(asked))
    },
  }),
]
