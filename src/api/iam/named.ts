/** Groups and roles as requests name them. */
import { type IamCall, needed, optional } from '#api/iam/call'
import { isFault } from '#fault/fault'
import { arnOf } from '#identity/arn'

type Kind = 'team' | 'role'

const parameters: Readonly<Record<Kind, string>> = { team: 'GroupName', role: 'RoleName' }

/** `iam/missing-parameter` */
export function refOf<Of extends Kind>(call: IamCall, kind: Of) {
  return { account: call.account, kind, name: needed(call, parameters[kind]) } as const
}

/** ARNs of what is named, which may not be there. */
export function aboutNamed(kind: Kind): (call: IamCall) => Promise<readonly string[]> {
  return async (call) => {
    const ref = refOf(call, kind)
    try {
      return [(await call.admin.entity(ref)).arn]
    } catch (error) {
      if (!isFault(error, 'identity/no-such-entity')) throw error
      return [arnOf({ ...ref, path: optional(call, 'Path') ?? '/' })]
    }
  }
}
