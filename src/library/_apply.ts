/** How changes become rows: the only writer of the library tables. */
import type { SequencedChange } from '#changelog/change'
import { announce } from '#library/_announce'
import { refreshLibrary, refreshPlace } from '#library/_refresh'
import type {
  EventJson,
  KeyJson,
  LibraryChange,
  LibraryJson,
  MarksJson,
  PartyJson,
  PublisherJson,
  VersionJson,
} from '#library/changes'
import { type LibraryName, nameSkeleton } from '#library/name'
import { isPrerelease, type Version, versionSortKey } from '#library/version'
import type { Queryable } from '#sql/sql'

interface Stamp {
  readonly sequence: bigint
  readonly at: number
}

export async function applyLibraryChange(tx: Queryable, change: SequencedChange): Promise<void> {
  const body = change.body as LibraryChange // this room wrote it
  await applyBody(tx, change, body)
  if (body.tells === undefined) return
  await insertEvent(tx, change, body.tells)
  await announce(tx, change, body.tells)
}

async function applyBody(tx: Queryable, stamp: Stamp, body: LibraryChange): Promise<void> {
  const { sequence, at } = stamp
  switch (body.kind) {
    case 'library/put':
      return await putLibrary(tx, stamp, body)
    case 'library/version-put':
      return await putVersion(tx, stamp, body)
    case 'library/version-marked':
      return await mark(tx, at, body)
    case 'library/tag-put':
      await tx.query`insert into library_dist_tag (library, tag, version, sequence, at)
        values (${body.library}, ${body.tag}, ${body.version}, ${sequence}, ${at})
        on conflict (library, tag) do update set version = excluded.version, sequence = excluded.sequence, at = excluded.at`
      return await touch(tx, body.library, at)
    case 'library/tag-removed':
      await tx.query`delete from library_dist_tag where library = ${body.library} and tag = ${body.tag}`
      return await touch(tx, body.library, at)
    case 'library/party-put':
      await tx.query`insert into library_party (library, handle, role, by_handle, sequence, at)
        values (${body.library}, ${body.handle}, ${body.role}, ${body.by}, ${sequence}, ${at})
        on conflict (library, handle, role) do update set by_handle = excluded.by_handle, sequence = excluded.sequence, at = excluded.at`
      return
    case 'library/party-removed':
      return await removeParty(tx, body)
    case 'library/publisher-put':
      return await putPublisher(tx, stamp, body)
    case 'library/publisher-removed':
      await tx.query`delete from library_publisher where id = ${body.id}`
      return
    case 'library/webhook-put':
      await tx.query`insert into library_webhook (id, library, url, events, secret, by_handle, sequence, at)
        values (${body.id}, ${body.library}, ${body.url}, ${JSON.stringify(body.events)}, ${JSON.stringify(body.secret)},
          ${body.by}, ${sequence}, ${at})
        on conflict (id) do update set url = excluded.url, events = excluded.events, secret = excluded.secret`
      return
    case 'library/webhook-removed':
      await tx.query`delete from library_webhook where id = ${body.id}`
      return
    case 'library/counted':
      for (const count of body.counts) await addDownloads(tx, count)
      return
    case 'library/used':
      for (const [handle, day, count] of body.uses)
        await tx.query`insert into library_use (handle, day, count) values (${handle}, ${day}, ${count})
          on conflict (handle, day) do update set count = library_use.count + excluded.count`
      return
    case 'library/quota-put':
      await tx.query`insert into library_quota (owner, quota, sequence, at)
        values (${body.owner}, ${JSON.stringify(body.quota)}, ${sequence}, ${at})
        on conflict (owner) do update set quota = excluded.quota, sequence = excluded.sequence, at = excluded.at`
      return
    case 'library/advisory-put': {
      const { kind: _, tells: __, by, ...advisory } = body
      await tx.query`insert into library_advisory (id, scope, name, body, by_handle, sequence, at)
        values (${body.id}, ${body.scope}, ${body.name}, ${JSON.stringify(advisory)}, ${by}, ${sequence}, ${at})
        on conflict (id) do update set body = excluded.body`
      return
    }
    case 'library/key-put':
      return await putKey(tx, stamp, body)
    case 'library/event':
      return await insertEvent(tx, stamp, body)
  }
}

async function putLibrary(
  tx: Queryable,
  { sequence, at }: Stamp,
  { scope, name, owner, visibility, settings, ...body }: LibraryJson,
): Promise<void> {
  const id = body.id ?? Number(sequence)
  const skeleton = nameSkeleton(name as LibraryName) // it was parsed before it was recorded
  const updatedAt = body.updatedAt ?? at
  await tx.query`insert into library (id, scope, name, skeleton, owner, visibility, settings, archived_at, deprecated,
      at, updated_at, description, versions, downloads)
    values (${id}, ${scope}, ${name}, ${skeleton}, ${owner}, ${visibility}, ${JSON.stringify(settings)},
      ${body.archivedAt ?? null}, ${body.deprecated ?? null}, ${at}, ${updatedAt}, '', 0, 0)
    on conflict (id) do update set owner = excluded.owner, visibility = excluded.visibility,
      settings = excluded.settings, archived_at = excluded.archived_at, deprecated = excluded.deprecated,
      updated_at = excluded.updated_at`
  // In a snapshot versions and their downloads come before their library.
  await tx.query`update library set downloads =
      (select coalesce(sum(downloads), 0) from library_version where library = ${id})
    where id = ${id}`
  await refreshLibrary(tx, id)
}

async function putVersion(
  tx: Queryable,
  { sequence, at }: Stamp,
  body: VersionJson,
): Promise<void> {
  const version = body.version as Version // likewise
  const { library, marks = {}, readme, provenance, signature } = body
  await tx.query`insert into library_version (id, library, version, sort_key, is_prerelease, state, digest, tree_digest,
      bytes, unpacked_bytes, files, manifest, document, readme, readme_digest, readme_bytes, provenance_digest,
      provenance_bytes, findings, signature, publisher, published_by, published_via, at, yanked, deprecated, deleted_at,
      damaged_at, downloads)
    values (${sequence}, ${library}, ${version}, ${versionSortKey(version)}, ${isPrerelease(version) ? 1 : 0},
      ${body.state}, ${body.digest}, ${body.treeDigest}, ${body.bytes}, ${body.unpackedBytes}, ${body.files.length},
      ${body.manifest}, ${body.document}, ${readme?.path ?? null}, ${readme?.digest ?? null}, ${readme?.bytes ?? null},
      ${provenance?.digest ?? null}, ${provenance?.bytes ?? null}, ${JSON.stringify(body.findings)},
      ${signature === undefined ? null : JSON.stringify(signature)}, ${body.publisher}, ${body.publishedBy},
      ${body.publishedVia}, ${at}, ${jsonOf(marks.yanked)}, ${marks.deprecated ?? null}, ${marks.deletedAt ?? null},
      ${marks.damagedAt ?? null}, 0)`
  await Promise.all(
    body.files.map(
      ([path, bytes, digest]) => tx.query`insert into library_file (version, path, bytes, digest)
        values (${sequence}, ${path}, ${bytes}, ${digest})`,
    ),
  )
  if (body.state !== 'deleted')
    await tx.query`insert into library_words (version, headings, bodies)
    values (${sequence}, ${body.headings}, ${body.bodies})`
  await touch(tx, library, at)
}

/** Of a deleted version only its number and digest stay. */
async function mark(tx: Queryable, at: number, body: MarksJson): Promise<void> {
  const { version: id, state, yanked, deprecated, deletedAt, damagedAt } = body
  if (state !== undefined)
    await tx.query`update library_version set state = ${state} where id = ${id}`
  if (yanked !== undefined)
    await tx.query`update library_version set yanked = ${jsonOf(yanked)} where id = ${id}`
  if (deprecated !== undefined)
    await tx.query`update library_version set deprecated = ${deprecated} where id = ${id}`
  if (damagedAt !== undefined)
    await tx.query`update library_version set damaged_at = ${damagedAt} where id = ${id}`
  if (deletedAt !== undefined) {
    await tx.query`update library_version set deleted_at = ${deletedAt}, manifest = '', document = '', readme = null,
      readme_digest = null, readme_bytes = null, provenance_digest = null, provenance_bytes = null, findings = '[]',
      signature = null, files = 0 where id = ${id}`
    await tx.query`delete from library_file where version = ${id}`
    await tx.query`delete from library_words where version = ${id}`
  }
  const [row] = await tx.query<{ library: number }>`
    select library from library_version where id = ${id}`
  if (row !== undefined && damagedAt === undefined) await touch(tx, row.library, at)
}

/** Nothing in a snapshot, where the library comes last. */
async function touch(tx: Queryable, library: number, at: number): Promise<void> {
  await tx.query`update library set updated_at = ${at} where id = ${library}`
  await refreshLibrary(tx, library)
}

async function removeParty(tx: Queryable, { library, handle, role }: PartyJson): Promise<void> {
  await tx.query`delete from library_party
    where library = ${library} and handle = ${handle} and role = ${role}`
}

async function putPublisher(
  tx: Queryable,
  { sequence, at }: Stamp,
  { id, library, issuer, claims, by }: PublisherJson,
): Promise<void> {
  await tx.query`insert into library_publisher (id, library, issuer, claims, by_handle, sequence, at)
    values (${id}, ${library}, ${issuer}, ${JSON.stringify(claims)}, ${by}, ${sequence}, ${at})`
}

async function addDownloads(
  tx: Queryable,
  [version, day, count]: readonly [number, number, number],
): Promise<void> {
  await tx.query`insert into library_download (version, day, count) values (${version}, ${day}, ${count})
    on conflict (version, day) do update set count = library_download.count + excluded.count`
  await tx.query`update library_version set downloads = downloads + ${count} where id = ${version}`
  const [library] = await tx.query<{ id: number }>`
    update library set downloads = downloads + ${count}
    where id = (select library from library_version where id = ${version}) returning id`
  if (library !== undefined) await refreshPlace(tx, library.id)
}

async function putKey(
  tx: Queryable,
  { sequence, at }: Stamp,
  { id, publicKey, secret, retiredAt }: KeyJson,
): Promise<void> {
  const [generation] = secret
  await tx.query`insert into library_key (id, public_key, generation, secret, retired_at, sequence, at)
    values (${id}, ${publicKey}, ${generation}, ${JSON.stringify(secret)}, ${retiredAt ?? null}, ${sequence}, ${at})
    on conflict (id) do update set generation = excluded.generation, secret = excluded.secret,
      retired_at = excluded.retired_at`
}

async function insertEvent(
  tx: Queryable,
  { sequence, at }: Stamp,
  { event, library, version, by }: EventJson,
): Promise<void> {
  await tx.query`insert into library_event (sequence, at, event, library, version, by_handle)
    values (${sequence}, ${at}, ${event}, ${library}, ${version ?? null}, ${by})`
}

function jsonOf(value: object | null | undefined): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}
