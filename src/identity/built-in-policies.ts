/** Policies that are there in every store, under the names clients know from AWS. */
const allowing = (...actions: readonly string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  })

const documents: Readonly<Record<string, string>> = {
  AdministratorAccess: allowing('*'),
  AmazonS3FullAccess: allowing('s3:*'),
  AmazonS3ReadOnlyAccess: allowing('s3:Get*', 's3:List*'),
  IAMFullAccess: allowing('iam:*'),
  IAMReadOnlyAccess: allowing('iam:Get*', 'iam:List*'),
}

const prefix = 'arn:aws:iam::aws:policy/'

export interface BuiltInPolicy {
  readonly name: string
  readonly arn: string
  readonly document: string
}

export const builtInPolicies: readonly BuiltInPolicy[] = Object.entries(documents).map(
  ([name, document]) => ({ name, arn: `${prefix}${name}`, document }),
)

export function builtInPolicy(arn: string): BuiltInPolicy | undefined {
  return builtInPolicies.find((policy) => policy.arn === arn)
}
