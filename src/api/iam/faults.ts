import { declareFaults } from '#fault/fault'

/** What is wrong with a request as IAM or STS, before the domain is asked. Details named `reason` are shown to the client. */
export const iamFault = declareFaults({
  'iam/access-denied': 'denied',
  'iam/anonymous': 'denied',
  'iam/body-too-large': 'too-large',
  'iam/invalid-parameter': 'invalid',
  'iam/missing-parameter': 'invalid',
  'iam/not-offered': 'unsupported',
  'iam/unknown-action': 'invalid',
})
export type IamFaultCode = Parameters<typeof iamFault>[0]
