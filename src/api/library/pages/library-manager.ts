/** Which buttons somebody is shown. The domain decides again what they may do. */
import type { PageCall } from '#api/library/pages/route'
import type { LibraryRef, VersionFacts } from '#library/model'
import { maySpeakFor } from '#library/rights'

export interface Manager {
  readonly mayManage: boolean
  of(version: VersionFacts): { readonly mayManage: boolean; readonly mayYank: boolean }
}

const nobody: Manager = {
  mayManage: false,
  of: () => ({ mayManage: false, mayYank: false }),
}

export async function managerOf(
  { parts: { libraries }, actor }: PageCall,
  ref: LibraryRef,
): Promise<Manager> {
  if (actor.kind === 'anonymous') return nobody
  const { owner, coOwners } = await libraries.owners(actor, ref)
  const owners = [owner, ...coOwners]
  const mayManage = owners.some((handle) => maySpeakFor(actor, handle))
  const isMember = owners.some((handle) => actor.teams.get(handle) === 'member')
  return {
    mayManage,
    of: ({ publishedBy }) => ({
      mayManage,
      mayYank: mayManage || (isMember && publishedBy === actor.handle),
    }),
  }
}
