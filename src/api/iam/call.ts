/** One request to IAM or STS, as actions see it. */
import { iamFault } from '#api/iam/faults'
import type { Xml } from '#api/s3/xml-writer'
import { identityVerdict } from '#identity/access'
import type { Administration } from '#identity/administration'
import { type Caller, standingOf } from '#identity/caller'
import type { RequestContext } from '#identity/conditions'

export interface IamCall {
  readonly admin: Administration
  readonly caller: Caller
  /** The key the request was signed with. */
  readonly accessKeyId: string
  /** Id of the account the caller acts in; empty: the store's own. */
  readonly account: string
  readonly parameters: ReadonlyMap<string, string>
  readonly context: RequestContext
}

export interface IamAction {
  readonly name: string
  readonly service: 'iam' | 'sts'
  /** ARNs by which policies may name what this is about. `undefined`: whoever proves who he is may ask, and the action decides. */
  readonly about: ((call: IamCall) => Promise<readonly string[]> | readonly string[]) | undefined
  /** The children of the result. */
  run(call: IamCall): Promise<readonly Xml[]>
}

/** Whoever asks proves by what is asked who he is, and signs nothing. */
export interface OpenAction extends Pick<IamAction, 'name' | 'service'> {
  run(call: OpenCall): Promise<readonly Xml[]>
}

export type OpenCall = Pick<IamCall, 'admin' | 'parameters' | 'context'>

type Asked = Pick<IamCall, 'parameters'>

/** `iam/missing-parameter` */
export function needed({ parameters }: Asked, name: string): string {
  const value = parameters.get(name)
  if (value === undefined || value === '')
    throw iamFault('iam/missing-parameter', { reason: `The request must have ${name}.` })
  return value
}

/** An empty one is as good as none. */
export function optional({ parameters }: Asked, name: string): string | undefined {
  const value = parameters.get(name)
  return value === '' ? undefined : value
}

/** `NAME.member.1`, `NAME.member.2`, … */
export function listed({ parameters }: Asked, name: string): readonly string[] {
  const values: string[] = []
  for (let number = 1; ; number += 1) {
    const value = parameters.get(`${name}.member.${number}`)
    if (value === undefined) return values
    values.push(value)
  }
}

/** `iam/invalid-parameter` for what is no whole number. */
export function optionalNumber(call: Asked, name: string): number | undefined {
  const text = optional(call, name)
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw iamFault('iam/invalid-parameter', { reason: `${name} is no number.` })
}

/** What would be promised and not kept; an empty list asks for nothing. `iam/not-offered` */
export function refuse({ parameters }: Asked, ...names: readonly string[]): void {
  for (const [name, value] of parameters)
    if (value !== '' && names.some((refused) => name === refused || name.startsWith(`${refused}.`)))
      throw iamFault('iam/not-offered', { reason: `${name} is not offered.` })
}

/**
 * Root may do everything, an account everything in it that no policy forbids, all others what their policies allow. `iam/access-denied`
 */
export async function authorise(action: IamAction, call: IamCall): Promise<void> {
  const { caller, context } = call
  if (action.about === undefined || caller.isRoot) return
  const name = `${action.service}:${action.name}`
  const verdicts = (await action.about(call)).map((resource) =>
    identityVerdict({ caller, action: name, resource, context }),
  )
  const { isBound, account } = standingOf(caller)
  const isOwner = !isBound && account !== ''
  if (!verdicts.includes('Deny') && (isOwner || verdicts.includes('Allow'))) return
  throw iamFault('iam/access-denied', { reason: `The caller is not allowed to do ${name}.` })
}
