/** IAM and STS as a client calls them: a form, signed for its service, and an answer in XML. */
import { deepEqual, equal } from 'node:assert/strict'
import type { ClientKey } from './client-key.ts'
import { sha256, sign } from './signer.ts'

export interface IamAnswer {
  readonly status: number
  /** Text of the first element of that name. */
  value(name: string): string | undefined
  /** Texts of all elements of that name. */
  values(name: string): readonly string[]
}

export type Parameters = Readonly<Record<string, string>>

/** Without a key nothing is signed. */
export async function askIam(
  port: number,
  key: ClientKey | undefined,
  {
    action,
    service = 'iam',
    ...more
  }: { action: string; service?: 'iam' | 'sts' } & {
    readonly parameters?: Parameters
    readonly signedService?: string
  },
): Promise<IamAnswer> {
  const Version = service === 'iam' ? '2010-05-08' : '2011-06-15'
  const body = new URLSearchParams({ Action: action, Version, ...more.parameters }).toString()
  const signed =
    key === undefined
      ? {}
      : signedHeaders(port, key, { body, service: more.signedService ?? service })
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { ...signed, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body,
  })
  const text = await response.text()
  const values = (name: string): readonly string[] =>
    [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value = '']) => value)
  return { status: response.status, values, value: (name) => values(name)[0] }
}

function signedHeaders(
  port: number,
  { accessKeyId, secret, token }: ClientKey,
  { body, service }: { readonly body: string; readonly service: string },
): Readonly<Record<string, string>> {
  const { headers } = sign({
    method: 'POST',
    target: '/',
    headers: {
      host: `127.0.0.1:${port}`,
      ...(token === undefined ? {} : { 'x-amz-security-token': token }),
    },
    contentHash: sha256(body),
    accessKeyId,
    secret,
    service,
  })
  const { host, ...sent } = headers
  return sent
}

export async function done(asked: Promise<IamAnswer>): Promise<IamAnswer> {
  const answer = await asked
  equal(answer.status, 200, `${answer.value('Code')}: ${answer.value('Message')}`)
  return answer
}

export async function fails(
  asked: Promise<IamAnswer>,
  status: number,
  code: string,
): Promise<void> {
  const answer = await asked
  deepEqual([answer.status, answer.value('Code')], [status, code])
}

/** The key of a new access key, or of a session. */
export function keyIn(answer: IamAnswer): ClientKey {
  const token = answer.value('SessionToken')
  return {
    accessKeyId: answer.value('AccessKeyId') ?? '',
    secret: answer.value('SecretAccessKey') ?? '',
    ...(token === undefined ? {} : { token }),
  }
}

export function allowing(action: string | readonly string[], resource = '*'): string {
  return policyOf({ Effect: 'Allow', Action: action, Resource: resource })
}

export function denying(action: string | readonly string[], resource = '*'): string {
  return policyOf({ Effect: 'Deny', Action: action, Resource: resource })
}

export function trusting(principal: unknown, condition?: unknown): string {
  const statement = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }
  return policyOf(condition === undefined ? statement : { ...statement, Condition: condition })
}

function policyOf(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}
