/** Providers of identities that an account trusts. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html */
import { type IamAction, type IamCall, listed, needed, refuse } from '#api/iam/call'
import { members } from '#api/iam/pages'
import { isoDate } from '#api/s3/response'
import { leaf, textNode } from '#api/s3/xml-writer'
import type { EntityRef } from '#identity/administration'
import { parseProviderArn } from '#identity/arn'
import { accountFault } from '#identity/faults'
import { parseProviderUrl } from '#identity/provider'

/** One of the caller's account. `identity/no-such-entity` */
function providerRef(call: IamCall): EntityRef {
  const arn = needed(call, 'OpenIDConnectProviderArn')
  const named = parseProviderArn(arn)
  if (named === undefined || named.account !== call.account)
    throw accountFault('identity/no-such-entity', { name: arn.slice(0, 200), kind: 'provider' })
  return { ...named, kind: 'provider' }
}

const aboutProvider: IamAction['about'] = (call) => [needed(call, 'OpenIDConnectProviderArn')]
const texts = (name: string, items: readonly string[] = []) =>
  members(name, items, (item) => [textNode(item)])

export const providerActions: readonly IamAction[] = [
  {
    name: 'CreateOpenIDConnectProvider',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:oidc-provider/*`],
    async run(call) {
      refuse(call, 'Tags')
      const { url, name } = parseProviderUrl(needed(call, 'Url'))
      const facts = {
        url,
        clientIds: listed(call, 'ClientIDList'),
        thumbprints: listed(call, 'ThumbprintList'),
      }
      const ref: EntityRef = { account: call.account, kind: 'provider', name }
      const { arn } = await call.admin.create(ref, { facts })
      return [leaf('OpenIDConnectProviderArn', arn)]
    },
  },
  {
    name: 'GetOpenIDConnectProvider',
    service: 'iam',
    about: aboutProvider,
    async run(call) {
      const { facts, createdAt } = await call.admin.entity(providerRef(call))
      return [
        leaf('Url', facts.url),
        texts('ClientIDList', facts.clientIds),
        texts('ThumbprintList', facts.thumbprints),
        leaf('CreateDate', isoDate(createdAt)),
      ]
    },
  },
  {
    name: 'ListOpenIDConnectProviders',
    service: 'iam',
    about: ({ account }) => [`arn:aws:iam::${account}:oidc-provider/*`],
    async run({ admin, account }) {
      const providers = await admin.list(account, 'provider')
      return [members('OpenIDConnectProviderList', providers, ({ arn }) => [leaf('Arn', arn)])]
    },
  },
  {
    name: 'DeleteOpenIDConnectProvider',
    service: 'iam',
    about: aboutProvider,
    async run(call) {
      await call.admin.remove(providerRef(call))
      return []
    },
  },
  {
    name: 'AddClientIDToOpenIDConnectProvider',
    service: 'iam',
    about: aboutProvider,
    run: (call) => changeClients(call, (ids, id) => (ids.includes(id) ? ids : [...ids, id])),
  },
  {
    name: 'RemoveClientIDFromOpenIDConnectProvider',
    service: 'iam',
    about: aboutProvider,
    run: (call) => changeClients(call, (ids, id) => ids.filter((other) => other !== id)),
  },
  {
    name: 'UpdateOpenIDConnectProviderThumbprint',
    service: 'iam',
    about: aboutProvider,
    async run(call) {
      const facts = { thumbprints: listed(call, 'ThumbprintList') }
      await call.admin.update(providerRef(call), { facts })
      return []
    },
  },
]

async function changeClients(
  call: IamCall,
  change: (ids: readonly string[], id: string) => readonly string[],
): Promise<readonly []> {
  const ref = providerRef(call)
  const { facts } = await call.admin.entity(ref)
  const clientIds = change(facts.clientIds ?? [], needed(call, 'ClientID'))
  await call.admin.update(ref, { facts: { clientIds } })
  return []
}
