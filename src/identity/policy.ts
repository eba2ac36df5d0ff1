/**
 * Policy documents in IAM's JSON, and what they say of a request. Pure.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
import {
  type Condition,
  parseConditions,
  type RequestContext,
  satisfies,
} from '#identity/conditions'
import { accountFault } from '#identity/faults'
import { wildcard } from '#identity/wildcard'

export const policyBytesMax = 20 * 1024

export interface Policy {
  readonly statements: readonly Statement[]
}

interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly principals: Matcher<readonly string[]>
  readonly actions: Matcher<readonly Pattern[]>
  readonly resources: Matcher<readonly Pattern[]>
  readonly conditions: readonly Condition[]
}

type Pattern = (text: string) => boolean

/** `isNot`: all but these. */
interface Matcher<Patterns> {
  readonly isNot: boolean
  readonly patterns: Patterns
}

export interface PolicyRequest {
  /** e.g. `s3:GetObject` */
  readonly action: string
  /** e.g. `arn:aws:s3:::bucket/key` */
  readonly resource: string
  /** All names of who asks; none of somebody unknown. */
  readonly names: readonly string[]
  readonly context: RequestContext
}

/** Deny wins over Allow; `undefined` when no statement speaks of the request. */
export function evaluate(policy: Policy, request: PolicyRequest): 'Allow' | 'Deny' | undefined {
  let verdict: 'Allow' | undefined
  for (const statement of policy.statements) {
    if (!applies(statement, request)) continue
    if (statement.effect === 'Deny') return 'Deny'
    verdict = 'Allow'
  }
  return verdict
}

/** Whether it allows something to everybody, whoever and wherever they are. */
export function isPublic({ statements }: Policy): boolean {
  return statements.some(
    ({ effect, principals, conditions }) =>
      effect === 'Allow' &&
      !conditions.some(({ narrows }) => narrows) &&
      (principals.isNot || principals.patterns.includes('*')),
  )
}

/** Whether any statement asks for the context's keys that begin so. */
export function asksFor({ statements }: Policy, prefix: string): boolean {
  return statements.some(({ conditions }) => conditions.some(({ key }) => key.startsWith(prefix)))
}

function applies(
  statement: Statement,
  { action, resource, names, context }: PolicyRequest,
): boolean {
  const { principals, actions, resources, conditions } = statement
  const isNamed = principals.patterns.some((name) => name === '*' || names.includes(name))
  return (
    isNamed !== principals.isNot &&
    actions.patterns.some((isMeant) => isMeant(action.toLowerCase())) !== actions.isNot &&
    resources.patterns.some((isMeant) => isMeant(resource)) !== resources.isNot &&
    conditions.every((condition) => satisfies(condition, context))
  )
}

/** `identity/malformed-policy`, whose `reason` is for whoever wrote it. Every statement names principals and resources. */
export function parsePolicy(text: string): Policy {
  if (Buffer.byteLength(text) > policyBytesMax) throw malformed('it is too long')
  const document = parseJson(text)
  if (!isObject(document)) throw malformed('it is no JSON object')
  const { Version: version = '2008-10-17', Statement: statements } = document
  if (version !== '2012-10-17' && version !== '2008-10-17') throw malformed('unknown Version')
  const list = Array.isArray(statements) ? statements : [statements]
  if (list.length === 0) throw malformed('no Statement')
  return { statements: list.map(parseStatement) }
}

function parseStatement(statement: unknown): Statement {
  if (!isObject(statement)) throw malformed('a Statement is no object')
  const { Effect: effect, Condition: conditions } = statement
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Effect is Allow or Deny')
  const actions = pick(statement, 'Action')
  const resources = pick(statement, 'Resource')
  const principals = pick(statement, 'Principal')
  // "Everybody but" gives to people nobody has thought of, the unknown ones among them.
  if (principals.isNot && effect === 'Allow') throw malformed('NotPrincipal is for Deny only')
  return {
    effect,
    principals: { isNot: principals.isNot, patterns: parsePrincipals(principals.value) },
    actions: {
      isNot: actions.isNot,
      patterns: textsOf(actions.value, 'Action').map(actionPattern),
    },
    resources: {
      isNot: resources.isNot,
      patterns: textsOf(resources.value, 'Resource').map(resourcePattern),
    },
    conditions: conditions === undefined ? [] : parseConditions(conditions),
  }
}

/** `Action` or `NotAction`, and so on: one of both. */
function pick(
  statement: Readonly<Record<string, unknown>>,
  name: string,
): { readonly isNot: boolean; readonly value: unknown } {
  const value = statement[name]
  const not = statement[`Not${name}`]
  if ((value === undefined) === (not === undefined))
    throw malformed(`a Statement has either ${name} or Not${name}`)
  return value === undefined ? { isNot: true, value: not } : { isNot: false, value }
}

/** Ids, handles, or ARNs that name them: `arn:aws:iam::ACCOUNT:root`, `arn:aws:iam::ACCOUNT:user/NAME`. */
function parsePrincipals(value: unknown): readonly string[] {
  if (value === '*') return ['*']
  if (!isObject(value)) throw malformed('Principal is "*" or an object')
  return Object.entries(value).flatMap(([kind, names]) => {
    const texts = textsOf(names, 'Principal')
    if (kind === 'AWS' || kind === 'CanonicalUser') return texts.map(nameOf)
    if (kind === 'Service' || kind === 'Federated') return [] // nobody of these asks us
    throw malformed(`unknown Principal ${kind.slice(0, 40)}`)
  })
}

function nameOf(principal: string): string {
  const [, account, name] = /^arn:aws:iam::([^:]*):(root|user\/.+)$/.exec(principal) ?? []
  if (account === undefined || name === undefined) return principal
  return name === 'root' ? account : name.slice('user/'.length)
}

function textsOf(value: unknown, what: string): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string'))
    throw malformed(`${what} is text, or a list of texts`)
  return texts
}

function actionPattern(text: string): Pattern {
  if (!/^(\*|[a-z0-9-]+:[\w*?]+)$/i.test(text))
    throw malformed(`unknown Action ${text.slice(0, 60)}`)
  return wildcard(text.toLowerCase())
}

function resourcePattern(text: string): Pattern {
  if (text !== '*' && !text.startsWith('arn:')) throw malformed(`no ARN: ${text.slice(0, 80)}`)
  return wildcard(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('it is no JSON')
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(reason: string): Error {
  return accountFault('identity/malformed-policy', { reason })
}
