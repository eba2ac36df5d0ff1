/**
 * Policy documents in IAM's JSON, and what they say of a request. Pure.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
import {
  assertComparable,
  type Condition,
  parseConditions,
  type RequestContext,
  satisfies,
} from '#identity/conditions'
import { accountFault } from '#identity/faults'
import { type Pattern, variablePattern, wildcard } from '#identity/wildcard'

export const policyBytesMax = 20 * 1024

/**
 * What a policy hangs on. One of a resource says who; one of an identity does not; one of a role (`trust`) says who may become it, and nothing of
 * resources.
 */
export type PolicyKind = 'resource' | 'identity' | 'trust'

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
  /** What is allowed to everybody does not count: who asks is a service, or means to do less than it might. */
  readonly isByNameOnly?: boolean
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
  { action, resource, names, context, isByNameOnly = false }: PolicyRequest,
): boolean {
  const { effect, principals, actions, resources, conditions } = statement
  const isForAll = !isByNameOnly || effect === 'Deny'
  const isNamed = principals.patterns.some(
    (name) => (name === '*' && isForAll) || names.includes(name),
  )
  return (
    isNamed !== principals.isNot &&
    actions.patterns.some((isMeant) => isMeant(action.toLowerCase(), context)) !== actions.isNot &&
    resources.patterns.some((isMeant) => isMeant(resource, context)) !== resources.isNot &&
    conditions.every((condition) => satisfies(condition, context))
  )
}

/** `identity/malformed-policy`, whose `reason` is for whoever wrote it. */
export function parsePolicy(text: string, kind: PolicyKind = 'resource'): Policy {
  return policyOf(parseDocument(text), kind)
}

/**
 * `parsePolicy` for whoever takes in a new document, which must be sound as well: conditions compare with values of their kind, for a `Deny`
 * with a mistyped date would never deny; and of an identity or role, names of statements are there once. `identity/malformed-policy`
 */
export function parseNewPolicy(text: string, kind: PolicyKind = 'resource'): Policy {
  const document = parseDocument(text)
  const policy = policyOf(document, kind)
  const statements = document.statements.filter(isObject)
  for (const { Condition: conditions = {} } of statements) assertComparable(conditions)
  const sids = kind === 'resource' ? [] : statements.flatMap(({ Sid: sid = [] }) => sid)
  if (new Set(sids).size < sids.length) throw malformed('two Statements have one Sid')
  return policy
}

interface Document {
  readonly statements: readonly unknown[]
  readonly hasVariables: boolean
}

function parseDocument(text: string): Document {
  if (Buffer.byteLength(text) > policyBytesMax) throw malformed('it is too long')
  const document = parseJson(text)
  if (!isObject(document)) throw malformed('it is no JSON object')
  const { Version: version = '2008-10-17', Statement: statements } = document
  if (version !== '2012-10-17' && version !== '2008-10-17') throw malformed('unknown Version')
  const list: readonly unknown[] = Array.isArray(statements) ? statements : [statements]
  if (list.length === 0) throw malformed('no Statement')
  return { statements: list, hasVariables: version === '2012-10-17' }
}

function policyOf({ statements, hasVariables }: Document, kind: PolicyKind): Policy {
  return { statements: statements.map((one) => parseStatement(one, { kind, hasVariables })) }
}

interface Reading {
  readonly kind: PolicyKind
  readonly hasVariables: boolean
}

const everybody: Matcher<readonly string[]> = { isNot: false, patterns: ['*'] }
const everything: Matcher<readonly Pattern[]> = { isNot: false, patterns: [() => true] }

function parseStatement(statement: unknown, reading: Reading): Statement {
  if (!isObject(statement)) throw malformed('a Statement is no object')
  const { Effect: effect, Condition: conditions } = statement
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Effect is Allow or Deny')
  const actions = pick(statement, 'Action')
  return {
    effect,
    principals: readPrincipals(statement, { ...reading, effect }),
    actions: {
      isNot: actions.isNot,
      patterns: textsOf(actions.value, 'Action').map(actionPattern),
    },
    resources: readResources(statement, reading),
    conditions: conditions === undefined ? [] : parseConditions(conditions, reading),
  }
}

function readPrincipals(
  statement: Readonly<Record<string, unknown>>,
  { kind, effect }: Reading & { readonly effect: 'Allow' | 'Deny' },
): Matcher<readonly string[]> {
  if (kind === 'identity') {
    // "Everybody" says nothing here, and clients write it; anything else was meant for another kind of policy.
    const { Principal: stated = '*', NotPrincipal: not } = statement
    if (stated !== '*' || not !== undefined) throw malformed('it is of one identity: no Principal')
    return everybody
  }
  const principals = pick(statement, 'Principal')
  // "Everybody but" gives to people nobody has thought of, the unknown ones among them.
  if (principals.isNot && effect === 'Allow') throw malformed('NotPrincipal is for Deny only')
  return { isNot: principals.isNot, patterns: parsePrincipals(principals.value) }
}

function readResources(
  statement: Readonly<Record<string, unknown>>,
  { kind, hasVariables }: Reading,
): Matcher<readonly Pattern[]> {
  if (kind === 'trust') {
    if ('Resource' in statement || 'NotResource' in statement)
      throw malformed('it is of one role: no Resource')
    return everything
  }
  const { isNot, value } = pick(statement, 'Resource')
  const patterns = textsOf(value, 'Resource').map((text) => resourcePattern(text, hasVariables))
  return { isNot, patterns }
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

/** Ids, handles, or ARNs: of an account (`arn:aws:iam::ACCOUNT:root`, which is its id), a user, a role, a session or a provider of identities. */
function parsePrincipals(value: unknown): readonly string[] {
  if (value === '*') return ['*']
  if (!isObject(value)) throw malformed('Principal is "*" or an object')
  return Object.entries(value).flatMap(([kind, names]) => {
    const texts = textsOf(names, 'Principal')
    if (texts.includes('')) throw malformed('a Principal has a name')
    if (kind === 'AWS' || kind === 'CanonicalUser') return texts.map(nameOf)
    // A provider vouches for whoever it likes: each is named.
    if (kind === 'Federated' && texts.includes('*')) throw malformed('Federated names providers')
    if (kind === 'Federated') return texts
    if (kind === 'Service') return texts.map(serviceName)
    throw malformed(`unknown Principal ${kind.slice(0, 40)}`)
  })
}

/** As no principal can be called. */
export function serviceName(name: string): string {
  return `service/${name}`
}

function nameOf(principal: string): string {
  const [, account] = /^arn:aws:iam::([^:]+):root$/.exec(principal) ?? []
  return account ?? principal
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

function resourcePattern(text: string, hasVariables: boolean): Pattern {
  if (text !== '*' && !text.startsWith('arn:')) throw malformed(`no ARN: ${text.slice(0, 80)}`)
  return hasVariables ? variablePattern(text) : wildcard(text)
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
