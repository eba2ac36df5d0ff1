/**
 * IAM and STS on the wire: `POST /` with `Action=…` in a form, signed for the service, answered in XML.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
 */
import { accountActions } from '#api/iam/account'
import { authorise, type IamAction, type IamCall, type OpenAction } from '#api/iam/call'
import { iamErrorResponse } from '#api/iam/errors'
import { iamFault } from '#api/iam/faults'
import { groupActions } from '#api/iam/groups'
import { holderPolicyActions } from '#api/iam/holder-policies'
import { policyActions } from '#api/iam/policies'
import { providerActions } from '#api/iam/providers'
import { roleActions } from '#api/iam/roles'
import { openStsActions, stsActions } from '#api/iam/sts'
import { userActions } from '#api/iam/users'
import { commonContext } from '#api/s3/context'
import type { S3DoorOptions } from '#api/s3/door-options'
import { branch, leaf, type Xml, xmlDocumentOf } from '#api/s3/xml-writer'
import { sha256HexOf } from '#crypto/digest'
import type { HttpRequest, HttpResponse } from '#http/message'
import { parseQuery, parseTarget } from '#http/target'
import { authenticate } from '#identity/authenticate'
import { type Caller, standingOf } from '#identity/caller'
import type { SignedProof } from '#identity/proof'
import type { SigningKeys } from '#identity/signing-keys'
import { gatherShort } from '#stream/gather'

/** Policies have 20 KiB at most; one that is several times too long is told so, more is not read. */
const bodyBytesMax = 256 * 1024
/** Of who signs nothing: tokens have 20,000 characters at most, policies of sessions 2,048. */
const unsignedBytesMax = 64 * 1024

export const iamActions: readonly IamAction[] = [
  ...accountActions,
  ...groupActions,
  ...holderPolicyActions,
  ...policyActions,
  ...providerActions,
  ...roleActions,
  ...stsActions,
  ...userActions,
]

const actions: ReadonlyMap<string, IamAction> = new Map(
  iamActions.map((action) => [action.name, action]),
)

const openActions: ReadonlyMap<string, OpenAction> = new Map(
  openStsActions.map((action) => [action.name, action]),
)

const namespaces = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
} as const

export interface IamKnown {
  readonly operation?: string
  /** Access key id. */
  readonly principal?: string
  readonly caller?: Caller
  /** The users, groups, roles and policies that are named. */
  readonly subject?: string
}

export interface IamParts {
  readonly door: Pick<S3DoorOptions, 'lookups' | 'rates' | 'regions' | 'world'>
  readonly signingKeys: SigningKeys
  /** Called as soon as it is known what is asked, and by whom. */
  readonly onKnown: (known: IamKnown) => void
  /** Called with what went wrong: the answer says it in words. */
  readonly onFailure: (error: unknown) => void
}

/** Never rejects. */
export async function answerIam(request: HttpRequest, parts: IamParts): Promise<HttpResponse> {
  let service: IamAction['service'] = 'iam'
  try {
    const body = await readBody(request)
    const parameters = new Map(
      parseQuery(Buffer.from(body).toString('latin1')).map(({ name, value }) => [name, value]),
    )
    const name = parameters.get('Action') ?? ''
    const action = actions.get(name)
    if (parameters.get('Version') === '2011-06-15') service = 'sts'
    const open = openActions.get(name)
    if (open?.service === service) {
      parts.onKnown({ operation: name, ...subjectOf(parameters) })
      const context = commonContext({ request, caller: undefined, now: parts.door.world.now() })
      const { administration: admin } = parts.door.lookups
      return answerOf(open, await open.run({ admin, parameters, context }), request)
    }
    const proof = await prove(request, { ...parts, body, service })
    parts.onKnown({ principal: proof.accessKeyId, caller: proof.principal })
    parts.door.rates.admitKey(proof.accessKeyId)
    if (action === undefined || action.service !== service) {
      throw iamFault('iam/unknown-action', { reason: `There is no action ${name.slice(0, 80)}.` })
    }
    parts.onKnown({ operation: action.name, ...subjectOf(parameters) })
    return await answer(action, request, { ...parts, parameters, proof })
  } catch (error) {
    parts.onFailure(error)
    return iamErrorResponse(error, { namespace: namespaces[service], requestId: request.id })
  }
}

/** By the names of parameters: whatever else they hold is no matter of a log. */
function subjectOf(parameters: ReadonlyMap<string, string>): Pick<IamKnown, 'subject'> {
  const named = [...parameters].filter(([name]) =>
    /^(New)?(User|Group|Role|Policy|RoleSession)Name$|^(Policy|Role)Arn$|^AccessKeyId$/.test(name),
  )
  return named.length === 0 ? {} : { subject: named.map(([, value]) => value).join(' ') }
}

async function answer(
  action: IamAction,
  request: HttpRequest,
  {
    door,
    parameters,
    proof,
  }: IamParts & { readonly parameters: ReadonlyMap<string, string>; readonly proof: SignedProof },
): Promise<HttpResponse> {
  const { principal: caller, accessKeyId } = proof
  const call: IamCall = {
    admin: door.lookups.administration,
    caller,
    accessKeyId,
    account: standingOf(caller).account,
    parameters,
    context: commonContext({ request, caller, now: door.world.now() }),
  }
  await authorise(action, call)
  return answerOf(action, await action.run(call), request)
}

function answerOf(
  action: Pick<IamAction, 'name' | 'service'>,
  result: readonly Xml[],
  request: HttpRequest,
): HttpResponse {
  const body = xmlDocumentOf(
    `${action.name}Response`,
    namespaces[action.service],
    branch(`${action.name}Result`, ...result),
    branch('ResponseMetadata', leaf('RequestId', request.id)),
  )
  return { status: 200, headers: { 'content-type': 'text/xml', 'cache-control': 'no-store' }, body }
}

async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const { body, signal, headers } = request
  const bytesMax = headers['authorization'] === undefined ? unsignedBytesMax : bodyBytesMax
  const isTooLarge = (body.bytes ?? 0) > bytesMax
  const bytes = isTooLarge ? undefined : await gatherShort(body, bytesMax, { signal })
  if (bytes === undefined) throw iamFault('iam/body-too-large', { bytesMax })
  return bytes
}

async function prove(
  request: HttpRequest,
  {
    door,
    signingKeys,
    body,
    service,
  }: IamParts & { readonly body: Uint8Array; readonly service: IamAction['service'] },
): Promise<SignedProof> {
  const { lookups, regions, world } = door
  const proof = await authenticate(
    {
      method: request.method,
      target: parseTarget(request.target),
      headers: request.headers,
      bodySha256: sha256HexOf(body),
    },
    {
      accessKeys: lookups.key,
      regions,
      service,
      signingKeys,
      now: world.now(),
      resources: [],
    },
  )
  if (proof.kind === 'anonymous') throw iamFault('iam/anonymous')
  lookups.noteUse(proof.accessKeyId, world.now())
  return proof
}
