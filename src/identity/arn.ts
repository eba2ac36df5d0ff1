/** How policies and clients name things of an account. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
import type { EntityKind } from '#identity/changes'

const words: Readonly<Record<EntityKind, string>> = {
  user: 'user',
  team: 'group',
  role: 'role',
  policy: 'policy',
  provider: 'oidc-provider',
}

/** `account` is empty for the store's own. */
export function arnOf({
  account,
  kind,
  name,
  path,
}: {
  readonly account: string
  readonly kind: EntityKind
  readonly name: string
  readonly path: string
}): string {
  return `arn:aws:iam::${account}:${words[kind]}${path}${name}`
}

export function sessionArn(
  { account, name }: { readonly account: string; readonly name: string },
  session: string,
): string {
  return `arn:aws:sts::${account}:assumed-role/${name}/${session}`
}

interface Named {
  readonly account: string
  readonly name: string
}

/** `undefined` for text that names no policy of an account. */
export function parsePolicyArn(arn: string): Named | undefined {
  return parseArn(arn, 'policy')
}

/** `undefined` for text that names no role. */
export function parseRoleArn(arn: string): Named | undefined {
  return parseArn(arn, 'role')
}

/** `undefined` for text that names no provider; its name may have slashes. */
export function parseProviderArn(arn: string): Named | undefined {
  const [, account, name] = /^arn:aws:iam::([^:]*):oidc-provider\/(.+)$/.exec(arn) ?? []
  return account === undefined || name === undefined ? undefined : { account, name }
}

function parseArn(arn: string, kind: EntityKind): Named | undefined {
  const [, account, word, name] = /^arn:aws:iam::([^:]*):(\w+)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? []
  if (account === undefined || name === undefined || word !== words[kind]) return undefined
  return { account, name }
}
