import { z } from 'zod'
import { accountRoute, given, isoTime, shortText, time } from '#api/accounts/route'

const newPerson = z.strictObject({
  username: shortText.describe('3 to 32 letters, digits and single hyphens; kept in lower case'),
  email: shortText,
  password: shortText.describe('8 characters or more, unless the operator asks for more'),
  invitation: shortText.optional().describe('the code of an invitation, where one is needed'),
})

export const registered = z.object({
  id: z.string(),
  username: z.string(),
  email: z.string(),
  created_at: time,
})

export const register = accountRoute<z.infer<typeof newPerson>>({
  method: 'POST',
  path: '/auth/register',
  operation: 'Register',
  summary: 'Become a user, where the operator lets people come',
  budget: 'auth',
  isOpen: true,
  body: newPerson,
  answer: registered,
  status: 201,
  answers: {
    403: 'Registration is closed, or needs an invitation',
    404: 'The invitation is not known, is over, or is for somebody else',
    409: 'The name or the address is taken, or the name looks like one that is',
  },
  async run({ accounts }, { body }) {
    const { id, handle, email = '', createdAt } = await accounts.registration.register(given(body))
    return { id, username: handle, email, created_at: isoTime(createdAt) }
  },
})
