/** What there is in an account, in numbers. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html */
import type { IamAction } from '#api/iam/call'
import { branch, branches, leaf } from '#api/s3/xml-writer'
import { attachedMax, entitiesMax, keysPerPrincipalMax, teamsPerUserMax } from '#identity/entity'

export const accountActions: readonly IamAction[] = [
  {
    name: 'GetAccountSummary',
    service: 'iam',
    about: () => ['*'],
    async run({ admin, account }) {
      const count = async (kind: 'team' | 'role' | 'policy' | 'provider') =>
        (await admin.list(account, kind)).length
      const figures = {
        Users: (await admin.listUsers(account)).length,
        UsersQuota: entitiesMax.user,
        Groups: await count('team'),
        GroupsQuota: entitiesMax.team,
        Roles: await count('role'),
        RolesQuota: entitiesMax.role,
        Policies: await count('policy'),
        PoliciesQuota: entitiesMax.policy,
        Providers: await count('provider'),
        GroupsPerUserQuota: teamsPerUserMax,
        AccessKeysPerUserQuota: keysPerPrincipalMax,
        AttachedPoliciesPerUserQuota: attachedMax,
        AttachedPoliciesPerGroupQuota: attachedMax,
        AttachedPoliciesPerRoleQuota: attachedMax,
      }
      return [
        branch(
          'SummaryMap',
          branches(Object.entries(figures), ([key, value]) =>
            branch('entry', leaf('key', key), leaf('value', value)),
          ),
        ),
      ]
    },
  },
  {
    name: 'ListAccountAliases',
    service: 'iam',
    about: () => ['*'],
    run: async () => [branch('AccountAliases'), leaf('IsTruncated', false)],
  },
]
