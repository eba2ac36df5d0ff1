/** Policy documents: what they say of requests, and which are none. */
import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault, isFault } from '#fault/fault'
import {
  asksFor,
  evaluate,
  isPublic,
  type PolicyRequest,
  parseNewPolicy,
  parsePolicy,
} from '#identity/policy'
import { wildcard } from '#identity/wildcard'

const get: PolicyRequest = {
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::photos/cats/1.jpg',
  names: ['aa11', 'alice', 'arn:aws:iam:::user/alice'],
  context: { 'aws:sourceip': ['192.0.2.7'], 's3:prefix': ['cats/'] },
}

const statement = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: { AWS: '*' },
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
  ...more,
})

function verdict(statements: readonly object[], request: Partial<PolicyRequest> = {}) {
  const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }))
  return evaluate(policy, { ...get, ...request })
}

test('what no statement speaks of is neither allowed nor denied', () => {
  equal(verdict([statement()]), 'Allow')
  equal(verdict([statement({ Action: 's3:PutObject' })]), undefined)
  equal(verdict([statement({ Resource: 'arn:aws:s3:::videos/*' })]), undefined)
  equal(verdict([statement({ Principal: { AWS: 'bob' } })]), undefined)
})

test('a denial wins, wherever it stands', () => {
  equal(verdict([statement(), statement({ Effect: 'Deny' })]), 'Deny')
  equal(verdict([statement({ Effect: 'Deny' }), statement()]), 'Deny')
})

test('principals by id, handle and ARN; not-principals; nobody in particular', () => {
  const of = (Principal: unknown) => verdict([statement({ Principal })])
  equal(of('*'), 'Allow')
  equal(of({ AWS: ['bob', 'alice'] }), 'Allow')
  equal(of({ CanonicalUser: 'aa11' }), 'Allow')
  equal(of({ AWS: 'arn:aws:iam::aa11:root' }), 'Allow')
  equal(of({ AWS: 'arn:aws:iam:::user/alice' }), 'Allow')
  equal(of({ AWS: 'arn:aws:iam::123:user/alice' }), undefined, 'of another account')
  equal(of({ AWS: 'arn:aws:iam:::user/bob' }), undefined)
  equal(of({ Service: 'logging.s3.amazonaws.com' }), undefined)
  const { Principal: _, ...rest } = statement()
  const denyAllBut = (AWS: string) => verdict([{ ...rest, Effect: 'Deny', NotPrincipal: { AWS } }])
  equal(denyAllBut('bob'), 'Deny')
  equal(denyAllBut('alice'), undefined)
  equal(verdict([statement({ Principal: { AWS: 'alice' } })], { names: [] }), undefined)
})

test('actions in any case, with wildcards; all but some', () => {
  const of = (Action: unknown) => verdict([statement({ Action })])
  for (const action of ['*', 's3:*', 's3:Get*', 'S3:GETOBJECT', ['s3:Put*', 's3:Get?bject']])
    equal(of(action), 'Allow')
  const { Action: _, ...rest } = statement()
  equal(verdict([{ ...rest, NotAction: 's3:Put*' }]), 'Allow')
  equal(verdict([{ ...rest, NotAction: 's3:Get*' }]), undefined)
})

const conditions: readonly (readonly [block: object, holds: boolean])[] = [
  [{ StringEquals: { 's3:prefix': 'cats/' } }, true],
  [{ StringEquals: { 's3:prefix': ['dogs/', 'cats/'] } }, true],
  [{ StringEquals: { 's3:prefix': 'Cats/' } }, false],
  [{ StringEqualsIgnoreCase: { 's3:prefix': 'Cats/' } }, true],
  [{ StringNotEquals: { 's3:prefix': 'cats/' } }, false],
  [{ StringNotEquals: { 's3:prefix': ['dogs/', 'cats/'] } }, false],
  [{ StringNotEquals: { 's3:delimiter': '/' } }, true],
  [{ StringEquals: { 's3:delimiter': '/' } }, false],
  [{ StringEqualsIfExists: { 's3:delimiter': '/' } }, true],
  [{ StringEqualsIfExists: { 's3:prefix': '/' } }, false],
  [{ StringLike: { 's3:prefix': 'c?t*' } }, true],
  [{ StringNotLike: { 's3:prefix': 'c?t*' } }, false],
  [{ Null: { 's3:delimiter': 'true' } }, true],
  [{ Null: { 's3:prefix': 'true' } }, false],
  [{ Null: { 's3:prefix': false } }, true],
  [{ IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, true],
  [{ IpAddress: { 'aws:SourceIp': ['198.51.100.0/24', '192.0.2.7'] } }, true],
  [{ NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, false],
  [{ NumericLessThan: { 's3:max-keys': 10 } }, false],
  [{ StringEquals: { 's3:prefix': 'cats/' }, Null: { 's3:delimiter': 'true' } }, true],
  [{ StringEquals: { 's3:prefix': 'cats/' }, Null: { 's3:delimiter': 'false' } }, false],
]
for (const [block, holds] of conditions)
  test(`the condition ${JSON.stringify(block)} ${holds ? 'holds' : 'does not hold'}`, () => {
    equal(verdict([statement({ Condition: block })]), holds ? 'Allow' : undefined)
  })

test('numbers, dates and truths are compared as such', () => {
  const context = {
    's3:max-keys': ['9'],
    'aws:currenttime': ['2026-05-01T00:00:00Z'],
    'aws:securetransport': ['false'],
  }
  const of = (Condition: object) => verdict([statement({ Condition })], { context })
  equal(of({ NumericLessThan: { 's3:max-keys': '10' } }), 'Allow')
  equal(of({ NumericGreaterThanEquals: { 's3:max-keys': '10' } }), undefined)
  equal(of({ DateGreaterThan: { 'aws:CurrentTime': '2026-04-30T23:59:59Z' } }), 'Allow')
  equal(of({ DateLessThan: { 'aws:CurrentTime': '2026-04-30T23:59:59Z' } }), undefined)
  equal(of({ Bool: { 'aws:SecureTransport': 'false' } }), 'Allow')
  equal(of({ Bool: { 'aws:SecureTransport': true } }), undefined)
})

test('a policy is public when it allows something to whoever, wherever', () => {
  const isOpen = (more: object) =>
    isPublic(parsePolicy(JSON.stringify({ Statement: [statement(more)] })))
  equal(isOpen({}), true)
  equal(isOpen({ Principal: { AWS: 'alice' } }), false)
  equal(isOpen({ Effect: 'Deny' }), false)
  equal(isOpen({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), false)
  equal(isOpen({ Condition: { StringEquals: { 's3:prefix': 'open/' } } }), true)
})

test('whether it asks for what only the object knows', () => {
  const Condition = { StringEquals: { 's3:ExistingObjectTag/open': 'yes' } }
  const policy = parsePolicy(JSON.stringify({ Statement: [statement({ Condition })] }))
  equal(asksFor(policy, 's3:existingobjecttag'), true)
  equal(asksFor(policy, 's3:prefix'), false)
})

const broken: readonly unknown[] = [
  '',
  'null',
  '{}',
  { Statement: [] },
  { Statement: 'x' },
  { Statement: [statement({ Effect: 'allow' })] },
  { Statement: [{ ...statement(), NotAction: 's3:*' }] },
  { Statement: [statement({ Principal: 5 })] },
  { Statement: [{ ...statement({ Principal: undefined }), NotPrincipal: { AWS: 'bob' } }] },
  { Statement: [statement({ Principal: { Nobody: '*' } })] },
  { Statement: [statement({ Action: 7 })] },
  { Statement: [statement({ Action: [] })] },
  { Statement: [statement({ Resource: 'photos/*' })] },
  { Statement: [statement({ Condition: { Smells: { a: 'b' } } })] },
  { Statement: [statement({ Condition: { IpAddress: { 'aws:SourceIp': '300.1.1.1' } } })] },
  { Statement: [statement({ Condition: { StringEquals: { a: {} } } })] },
  { Statement: [statement({ Principal: { AWS: '' } })] },
  { Version: '2011', Statement: [statement()] },
]
for (const document of broken) {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  test(`no policy: ${text.slice(0, 90)}`, () => {
    throws(
      () => parsePolicy(text),
      (error) => isFault(error, 'identity/malformed-policy'),
    )
  })
}

for (const [operator, right, wrong] of [
  ['DateGreaterThan', ['2026-01-01T00:00:00Z', '1767225600'], '2020-13-45T00:00:00Z'],
  ['DateLessThanIfExists', ['2026-01-01'], 'soon'],
  ['NumericGreaterThan', [10, '-1', '0.5'], '1O'],
  ['ForAnyValue:NumericEquals', ['1'], 'many'],
  ['Bool', [true, 'False'], 'maybe'],
  ['Null', ['true'], 'no'],
] as const)
  test(`a new policy compares ${operator} with what it can be compared with`, () => {
    const withValue = (value: unknown): string =>
      JSON.stringify({ Statement: [statement({ Condition: { [operator]: { 'aws:a': value } } })] })
    for (const value of right) parseNewPolicy(withValue(value))
    parseNewPolicy(withValue(right))
    for (const value of [wrong, [...right, wrong]])
      throws(
        () => parseNewPolicy(withValue(value)),
        (error) => isFault(error, 'identity/malformed-policy'),
      )
  })

test('no text makes reading a policy fail in an unexpected way', () =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.json({ maxDepth: 6 })), (text) => {
      for (const one of [text, `{"Statement":${text}}`, `{"Statement":[${text}]}`]) {
        try {
          parsePolicy(one)
        } catch (error) {
          if (!(error instanceof Fault)) throw error
        }
      }
    }),
  ))

test('what is allowed to everybody may be left out; what is denied to everybody may not', () => {
  const isByNameOnly = true
  equal(verdict([statement()], { isByNameOnly }), undefined)
  equal(verdict([statement({ Principal: { AWS: 'alice' } })], { isByNameOnly }), 'Allow')
  equal(verdict([statement({ Effect: 'Deny' })], { isByNameOnly }), 'Deny')
})

test('several values of a key, and the quantifiers', () => {
  const of = (Condition: object, values: readonly string[] | undefined) =>
    verdict([statement({ Condition })], { context: { 'aws:tagkeys': values } }) === 'Allow'
  const all = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }
  const any = { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }
  const none = { 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': ['a', 'b'] } }
  equal(of(all, ['a', 'b']), true)
  equal(of(all, ['a', 'c']), false)
  equal(of(all, undefined), true)
  equal(of(any, ['a', 'c']), true)
  equal(of(any, ['c']), false)
  equal(of(any, undefined), false)
  equal(of(none, ['a', 'c']), true)
  equal(of(none, ['a']), false)
})

const ofIdentity = (more: object = {}) => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
  ...more,
})

function ofAlice(
  Statement: object,
  { Version = '2012-10-17', ...request }: Partial<PolicyRequest> & { Version?: string } = {},
) {
  const policy = parsePolicy(JSON.stringify({ Version, Statement }), 'identity')
  return evaluate(policy, { ...get, names: [], ...request })
}

test('a policy of an identity names nobody, one of a role no resource', () => {
  equal(ofAlice(ofIdentity()), 'Allow')
  equal(ofAlice(ofIdentity({ Principal: '*' })), 'Allow', 'which clients write')
  const broken = (document: object, kind: 'identity' | 'trust') =>
    throws(
      () => parsePolicy(JSON.stringify({ Statement: document }), kind),
      (error) => isFault(error, 'identity/malformed-policy'),
    )
  broken(ofIdentity({ Principal: { AWS: 'alice' } }), 'identity')
  broken(ofIdentity({ NotPrincipal: { AWS: 'alice' } }), 'identity')
  broken({ Effect: 'Allow', Action: 's3:GetObject' }, 'identity')
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: 'alice' } }
  equal(parsePolicy(JSON.stringify({ Statement: trust }), 'trust').statements.length, 1)
  broken({ ...trust, Resource: '*' }, 'trust')
  broken({ ...trust, Principal: undefined }, 'trust')
  broken({ ...trust, Principal: { Federated: '*' } }, 'trust')
})

const variable = (name: string): string => `\${${name}}`
const username = variable('aws:username')

test('variables stand for what is known, literally, and in documents of the newer version alone', () => {
  const statement = ofIdentity({ Resource: `arn:aws:s3:::photos/${username}/*` })
  const of = (names: readonly string[] | undefined, key: string, Version = '2012-10-17') =>
    ofAlice(statement, {
      Version,
      context: { 'aws:username': names },
      resource: `arn:aws:s3:::photos/${key}`,
    })
  equal(of(['cats'], 'cats/1.jpg'), 'Allow')
  equal(of(['dogs'], 'cats/1.jpg'), undefined)
  equal(of(['*'], 'cats/1.jpg'), undefined, 'a star in a name is a star')
  equal(of(['*'], '*/1.jpg'), 'Allow')
  equal(of(undefined, '/1.jpg'), undefined)
  equal(of(['cats', 'dogs'], 'cats/1.jpg'), undefined, 'which of them?')
  equal(of(['cats'], 'cats/1.jpg', '2008-10-17'), undefined)
  equal(of(['cats'], `${username}/1.jpg`, '2008-10-17'), 'Allow')
  const literal = ofIdentity({ Resource: `arn:aws:s3:::photos/${variable('*')}` })
  equal(ofAlice(literal, { resource: 'arn:aws:s3:::photos/*' }), 'Allow')
  equal(ofAlice(literal), undefined)
  const byDefault = ofIdentity({
    Resource: `arn:aws:s3:::photos/${variable("aws:username, 'cats'")}/*`,
  })
  equal(ofAlice(byDefault, { context: {} }), 'Allow')
  const Condition = { StringEquals: { 's3:prefix': `${username}/` } }
  const context = { 's3:prefix': ['cats/'], 'aws:username': ['cats'] }
  equal(ofAlice(ofIdentity({ Condition }), { context }), 'Allow')
  equal(ofAlice(ofIdentity({ Condition })), undefined)
})

test('a wildcard is what a regular expression of it would be', () =>
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }),
      (pattern, text) => {
        const source = pattern.replaceAll('*', '.*').replaceAll('?', '.')
        equal(wildcard(pattern)(text), new RegExp(`^${source}$`).test(text))
      },
    ),
    { numRuns: 2_000 },
  ))

test('no pattern takes longer than its length times the text', () => {
  const pattern = `${'*a'.repeat(5_000)}b`
  equal(wildcard(pattern)('a'.repeat(1_024)), false)
})
