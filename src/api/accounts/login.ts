import { z } from 'zod'
import { accountRoute, given, shortText, whenceOf } from '#api/accounts/route'
import { printSignedIn, signedIn } from '#api/accounts/signed-in'

const credentials = z.strictObject({
  username: shortText,
  password: shortText,
  code: shortText.optional().describe('six digits of an authenticator, or a recovery code'),
})

export const login = accountRoute<z.infer<typeof credentials>>({
  method: 'POST',
  path: '/auth/login',
  operation: 'Login',
  summary: 'Sign in, for some hours',
  budget: 'auth',
  isOpen: true,
  body: credentials,
  answer: signedIn,
  status: 200,
  answers: { 401: 'The name or the password is wrong, or a code is needed as well' },
  async run({ accounts }, call) {
    const { username: name, ...rest } = call.body
    return printSignedIn(await accounts.signIns.login({ name, ...given(rest) }, whenceOf(call)))
  },
})
