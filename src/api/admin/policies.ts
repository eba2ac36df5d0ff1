import { z } from 'zod'
import { putEntity } from '#api/admin/put-entity'
import { type AdminParts, type Names, route } from '#api/admin/route'
import { isFault } from '#fault/fault'
import type { EntityRef, HolderRef } from '#identity/administration'
import { builtInPolicies } from '#identity/built-in-policies'
import type { Entity } from '#identity/entity'
import { accountFault } from '#identity/faults'

export const document = z
  .record(z.string(), z.unknown())
  .describe("a policy in IAM's JSON, with Version and Statement")

const policy = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  document,
  createdAt: z.iso.datetime().optional().describe('left out of policies that every store has'),
})

const newPolicy = z.strictObject({ document, description: z.string().optional() })

const holding = z.object({
  attached: z.array(z.string()).describe('ARNs of managed policies'),
  inline: z.array(z.object({ name: z.string(), document })),
})

/** What was taken in was valid. */
export function readDocument(text: string): z.infer<typeof document> {
  return JSON.parse(text) as z.infer<typeof document>
}

function printPolicy({ name, arn, facts, createdAt }: Entity): z.infer<typeof policy> {
  const { description, document: text = '{}' } = facts
  return {
    name,
    arn,
    ...(description === undefined ? {} : { description }),
    document: readDocument(text),
    createdAt: new Date(createdAt).toISOString(),
  }
}

const builtIn: readonly z.infer<typeof policy>[] = builtInPolicies.map((one) => ({
  ...one,
  document: readDocument(one.document),
}))

/** One of the store's own, else one that every store has. `identity/no-such-policy` */
async function findPolicy({ accounts }: AdminParts, name: string): Promise<z.infer<typeof policy>> {
  try {
    return printPolicy(await accounts.administration.entity(refOf(name)))
  } catch (error) {
    if (!isFault(error, 'identity/no-such-entity')) throw error
    const found = builtIn.find((one) => one.name === name || one.arn === name)
    if (found === undefined) throw accountFault('identity/no-such-policy', { policy: name })
    return found
  }
}

function refOf(name: string): EntityRef {
  return { account: '', kind: 'policy', name }
}

const path = '/policies/{policy}'
const policyName = (names: Names): string => names['policy'] ?? ''

const managedRoutes = [
  route({
    method: 'GET',
    path: '/policies',
    summary: "The store's policies, and those that every store has",
    answer: z.object({ policies: z.array(policy) }),
    status: 200,
    run: async ({ accounts }) => {
      const own = await accounts.administration.list('', 'policy')
      return { policies: [...own.map(printPolicy), ...builtIn] }
    },
  }),
  route({
    method: 'GET',
    path,
    summary: 'One policy',
    answer: policy,
    status: 200,
    run: (parts, { names }) => findPolicy(parts, policyName(names)),
  }),
  route<z.infer<typeof newPolicy>>({
    method: 'PUT',
    path,
    summary: 'Make a policy, or put another document in its place, wherever it is attached',
    body: newPolicy,
    answer: policy,
    status: 200,
    run: async ({ accounts }, { names, body }) => {
      const { description } = body
      const facts = {
        document: JSON.stringify(body.document),
        ...(description === undefined ? {} : { description }),
      }
      const ref = refOf(policyName(names))
      return printPolicy(await putEntity(accounts.administration, ref, facts))
    },
  }),
  route({
    method: 'DELETE',
    path,
    summary: 'Remove a policy that is attached nowhere',
    status: 204,
    run: ({ accounts }, { names }) => accounts.administration.remove(refOf(policyName(names))),
  }),
]

const holders: readonly (readonly [word: string, kind: HolderRef['kind']])[] = [
  ['user', 'user'],
  ['group', 'team'],
  ['role', 'role'],
]

const holderRoutes = holders.flatMap(([word, kind]) => {
  const holderOf = (names: Names): HolderRef => ({ account: '', kind, name: names[word] ?? '' })
  const ofHolder = `/${word}s/{${word}}/policies`
  return [
    route({
      method: 'GET',
      path: ofHolder,
      summary: `The policies of a ${word}`,
      answer: holding,
      status: 200,
      run: async ({ accounts }, { names }) => {
        const { attached, inline } = await accounts.administration.rights(holderOf(names))
        return {
          attached,
          inline: inline.map(([name, text]) => ({ name, document: readDocument(text) })),
        }
      },
    }),
    route({
      method: 'PUT',
      path: `${ofHolder}/{policy}`,
      summary: `Attach a policy, by name or ARN, to a ${word}`,
      status: 204,
      run: async (parts, { names }) => {
        const { arn } = await findPolicy(parts, policyName(names))
        await parts.accounts.administration.attach(holderOf(names), arn)
      },
    }),
    route({
      method: 'DELETE',
      path: `${ofHolder}/{policy}`,
      summary: `Detach a policy from a ${word}`,
      status: 204,
      run: async (parts, { names }) => {
        const { arn } = await findPolicy(parts, policyName(names))
        await parts.accounts.administration.detach(holderOf(names), arn)
      },
    }),
  ]
})

export const policyRoutes = [...managedRoutes, ...holderRoutes]
