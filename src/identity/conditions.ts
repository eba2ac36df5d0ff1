/**
 * Conditions of policy statements. Pure.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { BlockList, isIP } from 'node:net'
import { accountFault } from '#identity/faults'
import { fillIn, type Known, variablePattern, wildcard } from '#identity/wildcard'

/** Keys in lower case; a key that is not there was not part of the request. */
export type RequestContext = Known

export interface Condition {
  /** Lower case. */
  readonly key: string
  /** Whether it holds for some values of the key the request may have. */
  readonly test: (values: readonly string[] | undefined, context: RequestContext) => boolean
  /** Whether it narrows who may ask, so that a statement with it is not for everybody. */
  readonly narrows: boolean
}

export function satisfies({ key, test }: Condition, context: RequestContext): boolean {
  return test(context[key], context)
}

/** `hasVariables`: `${…}` in texts stands for what is known of the request. `identity/malformed-policy` */
export function parseConditions(
  block: unknown,
  { hasVariables }: { readonly hasVariables: boolean },
): readonly Condition[] {
  return entriesOf(block).flatMap(([operator, keys]) =>
    entriesOf(keys).map(([key, value]) =>
      parseCondition({ operator, key: key.toLowerCase(), value, hasVariables }),
    ),
  )
}

const comparable: readonly (readonly [
  operators: RegExp,
  is: (text: string) => boolean,
  what: string,
])[] = [
  [/^numeric/, (text) => /^-?\d+(\.\d+)?$/.test(text), 'number'],
  [/^date/, (text) => !Number.isNaN(timeOf(text)), 'date'],
  [/^(bool|null)/, (text) => /^(true|false)$/i.test(text), 'true or false'],
]

/** Whether each value can be compared with: of a date or a number that is none, no condition ever holds. `identity/malformed-policy` */
export function assertComparable(block: unknown): void {
  for (const [operator, keys] of entriesOf(block)) {
    const plain = operator.toLowerCase().replace(/^for(all|any)values?:/, '')
    const [, isOne = () => true, what] = comparable.find(([names]) => names.test(plain)) ?? []
    for (const wrong of entriesOf(keys).flatMap(([, value]) => textsOf(value)))
      if (!isOne(wrong)) throw malformed(`no ${what}: ${wrong.slice(0, 60)}`)
  }
}

/** Of where the request comes from or who makes it: with one of these, it is not for everybody. */
const narrowing = new Set([
  'aws:sourceip',
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceaccount',
  'aws:sourceowner',
  'aws:userid',
  'aws:username',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
])

type Compare = (
  wanted: string,
  hasVariables: boolean,
) => (given: string, context: RequestContext) => boolean

const exactly: Compare = (wanted) => (given) => given === wanted
const text: Compare = (wanted, hasVariables) =>
  hasVariables ? (given, context) => given === fillIn(wanted, context) : exactly(wanted, false)
const textOfAnyCase: Compare = (wanted, hasVariables) => (given, context) => {
  const filled = hasVariables ? fillIn(wanted, context) : wanted
  return given.toLowerCase() === filled?.toLowerCase()
}
const like: Compare = (wanted, hasVariables) =>
  hasVariables ? variablePattern(wanted) : wildcard(wanted)
const number =
  (holds: (difference: number) => boolean): Compare =>
  (wanted) =>
  (given) =>
    holds(Number(given) - Number(wanted))
const date =
  (holds: (difference: number) => boolean): Compare =>
  (wanted) =>
  (given) =>
    holds(timeOf(given) - timeOf(wanted))
const truth: Compare = (wanted) => (given) => given.toLowerCase() === wanted.toLowerCase()
const address: Compare = (wanted) => {
  const list = listOf(wanted)
  return (given) => {
    const version = isIP(given)
    return version !== 0 && list.check(given, version === 4 ? 'ipv4' : 'ipv6')
  }
}

const operators: Readonly<Record<string, readonly [compare: Compare, isNot: boolean] | undefined>> =
  {
    stringequals: [text, false],
    stringnotequals: [text, true],
    stringequalsignorecase: [textOfAnyCase, false],
    stringnotequalsignorecase: [textOfAnyCase, true],
    stringlike: [like, false],
    stringnotlike: [like, true],
    arnequals: [like, false],
    arnlike: [like, false],
    arnnotequals: [like, true],
    arnnotlike: [like, true],
    numericequals: [number((by) => by === 0), false],
    numericnotequals: [number((by) => by === 0), true],
    numericlessthan: [number((by) => by < 0), false],
    numericlessthanequals: [number((by) => by <= 0), false],
    numericgreaterthan: [number((by) => by > 0), false],
    numericgreaterthanequals: [number((by) => by >= 0), false],
    dateequals: [date((by) => by === 0), false],
    datenotequals: [date((by) => by === 0), true],
    datelessthan: [date((by) => by < 0), false],
    datelessthanequals: [date((by) => by <= 0), false],
    dategreaterthan: [date((by) => by > 0), false],
    dategreaterthanequals: [date((by) => by >= 0), false],
    bool: [truth, false],
    binaryequals: [exactly, false],
    ipaddress: [address, false],
    notipaddress: [address, true],
  }

function parseCondition({
  operator,
  key,
  value,
  hasVariables,
}: {
  readonly operator: string
  readonly key: string
  readonly value: unknown
  readonly hasVariables: boolean
}): Condition {
  const name = operator.toLowerCase()
  const wanted = textsOf(value)
  const narrows = narrowing.has(key)
  if (name === 'null') {
    const isAbsent = wanted[0]?.toLowerCase() === 'true'
    return { key, narrows, test: (values) => (values === undefined) === isAbsent }
  }
  const [, quantifier, plain = '', ifExists] =
    /^(forallvalues:|foranyvalue:)?(\w+?)(ifexists)?$/.exec(name) ?? []
  const found = Object.hasOwn(operators, plain) ? operators[plain] : undefined
  if (found === undefined) throw malformed(`unknown condition ${operator.slice(0, 60)}`)
  const [compare, isNot] = found
  const comparisons = wanted.map((one) => compare(one, hasVariables))
  const isAll = quantifier === 'forallvalues:' || (isNot && quantifier === undefined)
  return {
    key,
    narrows: narrows && !isNot,
    test: (values, context) => {
      if (values === undefined) return ifExists !== undefined || isAll
      const holds = (given: string): boolean =>
        comparisons.some((matches) => matches(given, context)) !== isNot
      return isAll ? values.every(holds) : values.some(holds)
    },
  }
}

function listOf(network: string): BlockList {
  const [start = '', prefix] = network.split('/')
  const version = isIP(start)
  const bits = version === 4 ? 32 : 128
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
  if (version === 0 || !isPrefix) throw malformed(`no network: ${network.slice(0, 60)}`)
  const list = new BlockList()
  list.addSubnet(
    start,
    prefix === undefined ? bits : Number(prefix),
    version === 4 ? 'ipv4' : 'ipv6',
  )
  return list
}

/** ISO 8601, or seconds since 1970. */
function timeOf(value: string): number {
  return /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value)
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((one) => {
    if (typeof one === 'string') return one
    if (typeof one === 'number' || typeof one === 'boolean') return String(one)
    throw malformed('a condition compares with texts')
  })
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('Condition is an object of objects')
  return Object.entries(value)
}

function malformed(reason: string): Error {
  return accountFault('identity/malformed-policy', { reason })
}
