/** All that is fuzzed: readers that stand alone, and doors that stand on a store. */
import { openDoorTarget } from './door.ts'
import { openIamTarget } from './iam.ts'
import { type OpenTarget, type Target, targets } from './targets.ts'

const openers: Readonly<Record<string, () => Promise<OpenTarget>>> = {
  door: openDoorTarget,
  iam: openIamTarget,
}

/** Those that take longer: each case goes through a store. */
export const openNames: readonly string[] = Object.keys(openers)
export const targetNames: readonly string[] = [...Object.keys(targets), ...openNames]

export interface AllTargets extends AsyncDisposable {
  readonly all: Readonly<Record<string, Target>>
}

export async function openAllTargets(): Promise<AllTargets> {
  const stack = new AsyncDisposableStack()
  const all: Record<string, Target> = { ...targets }
  for (const [name, open] of Object.entries(openers)) all[name] = stack.use(await open())
  return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
