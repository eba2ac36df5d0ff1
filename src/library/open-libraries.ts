/** The domain over its parts: what doors are given. Of what it stands on it owns nothing. */

import { Counters } from '#library/_counters'
import { indexMissing } from '#library/_refresh'
import { advisories, checkAdvisories, publishAdvisory, withdrawAdvisory } from '#library/advisories'
import { archive, file, provenance, readme } from '#library/archives'
import { feed, keys, moderation, quota, rotateKey, setQuota } from '#library/around'
import { diff } from '#library/diff'
import { removeDistTag, setDistTag } from '#library/dist-tags'
import { find } from '#library/find'
import { findInside } from '#library/find-inside'
import type { Libraries } from '#library/libraries'
import { approve, deprecate, reject, remove, removeLibrary, unyank, yank } from '#library/marks'
import {
  accept,
  decline,
  grants,
  invitations,
  invite,
  owners,
  removeGrant,
  removeOwner,
  setGrant,
} from '#library/parties'
import type { LibraryParts } from '#library/parts'
import { publish } from '#library/publish'
import {
  addTrustedPublisher,
  removeTrustedPublisher,
  trustedBy,
  trustedPublishers,
} from '#library/publishers'
import { downloads, statistics, use } from '#library/statistics'
import { update } from '#library/update'
import { rehash, sweep } from '#library/upkeep'
import { files, library, resolve, version, versions } from '#library/versions'
import { addWebhook, removeWebhook, webhooks } from '#library/webhooks'

/** A database that came from another kind of database has its words found anew first. */
export async function openLibraries(parts: LibraryParts): Promise<Libraries> {
  await indexMissing(parts)
  const counters = new Counters(parts)
  return {
    publish: (actor, request) => publish(parts, actor, request),
    approve: (actor, ref) => approve(parts, actor, ref),
    reject: (actor, ref, reason) => reject(parts, actor, ref, reason),
    yank: (actor, ref, reason) => yank(parts, actor, ref, reason),
    unyank: (actor, ref) => unyank(parts, actor, ref),
    deprecate: (actor, ref, message) => deprecate(parts, actor, ref, message),
    remove: (actor, ref) => remove(parts, actor, ref),
    removeLibrary: (actor, ref) => removeLibrary(parts, actor, ref),
    setDistTag: (actor, ref, tag, to) => setDistTag(parts, actor, ref, { tag, version: to }),
    removeDistTag: (actor, ref, tag) => removeDistTag(parts, actor, ref, tag),
    update: (actor, ref, changes) => update(parts, actor, ref, changes),
    library: (actor, ref) => library(parts, actor, ref),
    versions: (actor, ref) => versions(parts, actor, ref),
    version: (actor, ref) => version(parts, actor, ref),
    resolve: (actor, ref, rangeOrTag) => resolve(parts, actor, ref, rangeOrTag),
    archive: (actor, ref, options) => archive(parts, actor, ref, { ...options, counters }),
    files: (actor, ref) => files(parts, actor, ref),
    file: (actor, ref, options) => file(parts, actor, ref, options),
    readme: (actor, ref, options) => readme(parts, actor, ref, options),
    provenance: (actor, ref, options) => provenance(parts, actor, ref, options),
    diff: (actor, ref, range, options) => diff(parts, actor, ref, { ...range, ...options }),
    find: (actor, query) => find(parts, actor, query),
    findInside: (actor, ref, query, options) =>
      findInside(parts, actor, ref, { ...query, ...options }),
    owners: (actor, ref) => owners(parts, actor, ref),
    invite: (actor, ref, to) => invite(parts, actor, ref, to),
    invitations: (actor) => invitations(parts, actor),
    accept: (actor, ref, handle) => accept(parts, actor, ref, handle),
    decline: (actor, ref, handle) => decline(parts, actor, ref, handle),
    removeOwner: (actor, ref, handle) => removeOwner(parts, actor, ref, handle),
    grants: (actor, ref) => grants(parts, actor, ref),
    setGrant: (actor, ref, to, role) => setGrant(parts, actor, ref, { to, role }),
    removeGrant: (actor, ref, to) => removeGrant(parts, actor, ref, to),
    trustedPublishers: (actor, ref) => trustedPublishers(parts, actor, ref),
    addTrustedPublisher: (actor, ref, publisher) =>
      addTrustedPublisher(parts, actor, ref, publisher),
    removeTrustedPublisher: (actor, ref, id) => removeTrustedPublisher(parts, actor, ref, id),
    webhooks: (actor, ref) => webhooks(parts, actor, ref),
    addWebhook: (actor, ref, webhook) => addWebhook(parts, actor, ref, webhook),
    removeWebhook: (actor, ref, id) => removeWebhook(parts, actor, ref, id),
    trustedBy: (issuer, claims) => trustedBy(parts, issuer, claims),
    downloads: (actor, query) => downloads(parts, actor, query),
    statistics: (actor) => statistics(parts, actor),
    countUse: (actor) => counters.countUse(actor.kind === 'user' ? actor.handle : 'anonymous'),
    use: (actor, query) => use(parts, actor, query),
    quota: (actor, owner) => quota(parts, actor, owner),
    setQuota: (actor, owner, most) => setQuota(parts, actor, { owner, quota: most }),
    feed: (actor, query) => feed(parts, actor, query),
    advisories: (actor, query) => advisories(parts, actor, query),
    checkAdvisories: (actor, asked) => checkAdvisories(parts, actor, asked),
    publishAdvisory: (actor, advisory) => publishAdvisory(parts, actor, advisory),
    withdrawAdvisory: (actor, id) => withdrawAdvisory(parts, actor, id),
    moderation: (actor) => moderation(parts, actor),
    keys: () => keys(parts),
    rotateKey: (actor) => rotateKey(parts, actor),
    flush: () => counters.flush(),
    sweep: (options) => sweep(parts, options),
    rehash: (options) => rehash(parts, options),
    async check() {
      await parts.sql.query`select 1 as one`
      const late = new AbortController()
      const stop = parts.world.timer(checkMs, () => late.abort(new Error('archives do not answer')))
      await parts.archives.check({ signal: late.signal }).finally(stop)
    },
    [Symbol.asyncDispose]: () => counters.flush(),
  }
}

/** Who asks whether we are well does not wait longer. */
const checkMs = 5_000
