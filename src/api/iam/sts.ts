/** Sessions. https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html */
import {
  type IamAction,
  needed,
  type OpenAction,
  type OpenCall,
  optional,
  optionalNumber,
  refuse,
} from '#api/iam/call'
import { iamFault } from '#api/iam/faults'
import { isoDate } from '#api/s3/response'
import { branch, leaf, type Xml } from '#api/s3/xml-writer'
import { identityVerdict } from '#identity/access'
import type { RoleSession } from '#identity/administration'
import { standingOf } from '#identity/caller'

/** What a session of a user lasts when nobody says otherwise: 12 hours, as with AWS. */
const userSessionSeconds = 43_200
/** AWS's bound: tokens travel with every request. */
const sessionPolicyCharactersMax = 2_048

function credentials({
  accessKeyId,
  secret,
  token,
  expiresAt,
}: Pick<RoleSession, 'accessKeyId' | 'secret' | 'token' | 'expiresAt'>): Xml {
  return branch(
    'Credentials',
    leaf('AccessKeyId', accessKeyId),
    leaf('SecretAccessKey', secret),
    leaf('SessionToken', token),
    leaf('Expiration', isoDate(expiresAt)),
  )
}

/** `iam/invalid-parameter` */
function readSessionName(call: OpenCall): string {
  const name = needed(call, 'RoleSessionName')
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name
  throw iamFault('iam/invalid-parameter', {
    reason: 'RoleSessionName has 2 to 64 letters, digits and _ + = , . @ -',
  })
}

/** `iam/invalid-parameter` */
function readSessionPolicy(call: OpenCall): string | undefined {
  refuse(call, 'PolicyArns')
  const policy = optional(call, 'Policy')
  if (policy === undefined || policy.length <= sessionPolicyCharactersMax) return policy
  throw iamFault('iam/invalid-parameter', {
    reason: `Policy has ${sessionPolicyCharactersMax} characters at most.`,
  })
}

function assumed(session: RoleSession): readonly Xml[] {
  return [
    credentials(session),
    branch('AssumedRoleUser', leaf('AssumedRoleId', session.userId), leaf('Arn', session.arn)),
  ]
}

export const stsActions: readonly IamAction[] = [
  {
    name: 'AssumeRole',
    service: 'sts',
    about: undefined,
    async run(call) {
      refuse(call, 'Tags', 'TransitiveTagKeys', 'SerialNumber', 'SourceIdentity')
      const seconds = optionalNumber(call, 'DurationSeconds')
      const externalId = optional(call, 'ExternalId')
      const policy = readSessionPolicy(call)
      const session = await call.admin.assumeRole(call.caller, {
        roleArn: needed(call, 'RoleArn'),
        session: readSessionName(call),
        context: call.context,
        ...(seconds === undefined ? {} : { seconds }),
        ...(externalId === undefined ? {} : { externalId }),
        ...(policy === undefined ? {} : { policy }),
      })
      return assumed(session)
    },
  },
  {
    name: 'GetSessionToken',
    service: 'sts',
    about: undefined,
    async run(call) {
      const { caller, context, accessKeyId } = call
      refuse(call, 'SerialNumber')
      const asked = { caller, context, action: 'sts:GetSessionToken', resource: '*' }
      if (!caller.isRoot && identityVerdict(asked) === 'Deny') throw iamFault('iam/access-denied')
      const seconds = optionalNumber(call, 'DurationSeconds') ?? userSessionSeconds
      return [credentials(await call.admin.openSession(caller, accessKeyId, seconds))]
    },
  },
  {
    name: 'GetCallerIdentity',
    service: 'sts',
    about: undefined,
    async run({ caller }) {
      const { arn, userId, account } = standingOf(caller)
      return [leaf('Arn', arn), leaf('UserId', userId), leaf('Account', account)]
    },
  },
]

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
export const openStsActions: readonly OpenAction[] = [
  {
    name: 'AssumeRoleWithWebIdentity',
    service: 'sts',
    async run(call) {
      refuse(call, 'ProviderId')
      const seconds = optionalNumber(call, 'DurationSeconds')
      const policy = readSessionPolicy(call)
      const session = await call.admin.assumeRoleWithWebIdentity({
        roleArn: needed(call, 'RoleArn'),
        session: readSessionName(call),
        token: needed(call, 'WebIdentityToken'),
        context: call.context,
        ...(seconds === undefined ? {} : { seconds }),
        ...(policy === undefined ? {} : { policy }),
      })
      return [
        ...assumed(session),
        leaf('SubjectFromWebIdentityToken', session.subject),
        leaf('Audience', session.audience),
        leaf('Provider', session.provider),
      ]
    },
  },
]
