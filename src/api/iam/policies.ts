/** Managed policies of an account, and those that every store has. There is one version of each. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html */
import { type IamAction, type IamCall, needed, optional, refuse } from '#api/iam/call'
import { iamFault } from '#api/iam/faults'
import { documentElement, page } from '#api/iam/pages'
import { isoDate } from '#api/s3/response'
import { branch, leaf, type Xml } from '#api/s3/xml-writer'
import type { EntityRef } from '#identity/administration'
import { arnOf, parsePolicyArn } from '#identity/arn'
import { builtInPolicies, builtInPolicy } from '#identity/built-in-policies'
import type { Entity } from '#identity/entity'
import { accountFault } from '#identity/faults'

type Shown = Pick<Entity, 'name' | 'arn' | 'path'> &
  Partial<Pick<Entity, 'id' | 'createdAt' | 'facts'>>

const version = 'v1'

function elements({ name, arn, path, id = name, createdAt = 0, facts }: Shown): readonly Xml[] {
  return [
    leaf('PolicyName', name),
    leaf('PolicyId', id),
    leaf('Arn', arn),
    leaf('Path', path),
    leaf('DefaultVersionId', version),
    leaf('IsAttachable', true),
    leaf('Description', facts?.description),
    leaf('CreateDate', isoDate(createdAt)),
    leaf('UpdateDate', isoDate(createdAt)),
  ]
}

const builtIn: readonly Shown[] = builtInPolicies.map(({ name, arn }) => ({ name, arn, path: '/' }))

/** One of the caller's account. `identity/no-such-policy` */
function policyRef(call: IamCall): EntityRef {
  const arn = needed(call, 'PolicyArn')
  const named = parsePolicyArn(arn)
  if (named === undefined || named.account !== call.account)
    throw accountFault('identity/no-such-policy', { policy: arn.slice(0, 200) })
  return { ...named, kind: 'policy' }
}

async function findPolicy(call: IamCall): Promise<Shown> {
  const arn = needed(call, 'PolicyArn')
  return builtIn.find((policy) => policy.arn === arn) ?? (await call.admin.entity(policyRef(call)))
}

const aboutPolicy: IamAction['about'] = (call) => [needed(call, 'PolicyArn')]

export const policyActions: readonly IamAction[] = [
  {
    name: 'CreatePolicy',
    service: 'iam',
    about: (call) => {
      const name = needed(call, 'PolicyName')
      const path = optional(call, 'Path') ?? '/'
      return [arnOf({ account: call.account, kind: 'policy', name, path })]
    },
    async run(call) {
      refuse(call, 'Tags')
      const name = needed(call, 'PolicyName')
      const path = optional(call, 'Path')
      const description = optional(call, 'Description')
      const facts = {
        document: needed(call, 'PolicyDocument'),
        ...(description === undefined ? {} : { description }),
      }
      const ref: EntityRef = { account: call.account, kind: 'policy', name }
      const asked = { ...(path === undefined ? {} : { path }), facts }
      return [branch('Policy', ...elements(await call.admin.create(ref, asked)))]
    },
  },
  {
    name: 'GetPolicy',
    service: 'iam',
    about: aboutPolicy,
    run: async (call) => [branch('Policy', ...elements(await findPolicy(call)))],
  },
  {
    name: 'GetPolicyVersion',
    service: 'iam',
    about: aboutPolicy,
    async run(call) {
      const { arn, facts, createdAt = 0 } = await findPolicy(call)
      if (needed(call, 'VersionId') !== version)
        throw accountFault('identity/no-such-policy', { policy: arn })
      return [
        branch(
          'PolicyVersion',
          documentElement('Document', facts?.document ?? builtInPolicy(arn)?.document),
          leaf('VersionId', version),
          leaf('IsDefaultVersion', true),
          leaf('CreateDate', isoDate(createdAt)),
        ),
      ]
    },
  },
  {
    name: 'ListPolicyVersions',
    service: 'iam',
    about: aboutPolicy,
    async run(call) {
      const { createdAt = 0 } = await findPolicy(call)
      const element = (id: string) => [
        leaf('VersionId', id),
        leaf('IsDefaultVersion', true),
        leaf('CreateDate', isoDate(createdAt)),
      ]
      return page(call, [version], { name: 'Versions', element })
    },
  },
  {
    name: 'ListPolicies',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:policy/`],
    async run(call) {
      const scope = optional(call, 'Scope') ?? 'All'
      if (!['All', 'AWS', 'Local'].includes(scope))
        throw iamFault('iam/invalid-parameter', { reason: 'Scope is All, AWS or Local.' })
      refuse(call, 'OnlyAttached', 'PolicyUsageFilter')
      const own = scope === 'AWS' ? [] : await call.admin.list(call.account, 'policy')
      const all: readonly Shown[] = scope === 'Local' ? own : [...own, ...builtIn]
      const prefix = optional(call, 'PathPrefix') ?? '/'
      const found = all.filter(({ path }) => path.startsWith(prefix))
      return page(call, found, { name: 'Policies', element: elements })
    },
  },
  {
    name: 'DeletePolicy',
    service: 'iam',
    about: aboutPolicy,
    async run(call) {
      await call.admin.remove(policyRef(call))
      return []
    },
  },
]
