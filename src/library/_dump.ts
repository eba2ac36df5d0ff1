/** The fewest changes that make the library tables anew. A library comes behind its versions, so that nothing it shows is worked out twice. */
import type { SequencedChange } from '#changelog/change'
import type {
  FileJson,
  LibraryChange,
  LibraryJson,
  LibraryRow,
  MarksJson,
  PartyRole,
  PartyRow,
  VersionJson,
  VersionRow,
  WebhookRow,
} from '#library/changes'
import type { FeedEvent, Visibility } from '#library/model'
import type { Queryable, SqlRow } from '#sql/sql'
import { walkRows } from '#sql/walk'

const pageRows = 200

export async function* dumpLibraries(tx: Queryable): AsyncGenerator<SequencedChange> {
  const versions = walkRows<VersionRow>(
    (last) => tx.query`
      select * from library_version where id > ${last?.id ?? 0} order by id limit ${pageRows}`,
  )
  for await (const row of versions) yield change(row.id, row.at, await versionPut(tx, row))
  yield* dumpDownloads(tx)
  yield* dumpAround(tx)
  const libraries = walkRows<LibraryRow>(
    (last) => tx.query`
      select * from library where id > ${last?.id ?? 0} order by id limit ${pageRows}`,
  )
  for await (const row of libraries)
    yield change(row.id, row.at, {
      kind: 'library/put',
      ...libraryJson(row),
      updatedAt: row.updated_at,
    })
}

/** As it is now. */
export function libraryJson(row: LibraryRow): LibraryJson & { readonly id: number } {
  return {
    id: row.id,
    scope: row.scope,
    name: row.name,
    owner: row.owner,
    visibility: row.visibility as Visibility, // put there by us, and so with the others
    settings: JSON.parse(row.settings),
    ...(row.archived_at === null ? {} : { archivedAt: row.archived_at }),
    ...(row.deprecated === null ? {} : { deprecated: row.deprecated }),
  }
}

async function versionPut(tx: Queryable, row: VersionRow): Promise<LibraryChange> {
  const files = await tx.query<{ path: string; bytes: number; digest: string }>`
    select path, bytes, digest from library_file where version = ${row.id} order by path`
  const [words] = await tx.query<{ headings: string; bodies: string }>`
    select headings, bodies from library_words where version = ${row.id}`
  return {
    kind: 'library/version-put',
    library: row.library,
    version: row.version,
    state: row.state as VersionJson['state'],
    digest: row.digest,
    treeDigest: row.tree_digest,
    bytes: row.bytes,
    unpackedBytes: row.unpacked_bytes,
    manifest: row.manifest,
    document: row.document,
    ...(row.readme === null || row.readme_digest === null
      ? {}
      : { readme: { path: row.readme, digest: row.readme_digest, bytes: row.readme_bytes ?? 0 } }),
    ...(row.provenance_digest === null
      ? {}
      : { provenance: { digest: row.provenance_digest, bytes: row.provenance_bytes ?? 0 } }),
    findings: JSON.parse(row.findings),
    ...(row.signature === null ? {} : { signature: JSON.parse(row.signature) }),
    files: files.map(({ path, bytes, digest }): FileJson => [path, bytes, digest]),
    headings: words?.headings ?? '',
    bodies: words?.bodies ?? '',
    publisher: row.publisher,
    publishedBy: row.published_by,
    publishedVia: row.published_via as VersionJson['publishedVia'],
    marks: marksOf(row),
  }
}

function marksOf(row: VersionRow): Omit<MarksJson, 'version'> {
  return {
    ...(row.yanked === null ? {} : { yanked: JSON.parse(row.yanked) }),
    ...(row.deprecated === null ? {} : { deprecated: row.deprecated }),
    ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at }),
    ...(row.damaged_at === null ? {} : { damagedAt: row.damaged_at }),
  }
}

type CountRow = { readonly version: number; readonly day: number; readonly count: number }
type UseRow = { readonly handle: string; readonly day: number; readonly count: number }

/** Many to a change: they have no sequence of their own. */
async function* dumpDownloads(tx: Queryable): AsyncGenerator<SequencedChange> {
  let counts: (readonly [number, number, number])[] = []
  const downloads = walkRows<CountRow>(
    (last) => tx.query`
      select * from library_download where (version, day) > (${last?.version ?? 0}, ${last?.day ?? 0})
      order by version, day limit ${pageRows}`,
  )
  for await (const { version, day, count } of downloads) {
    counts.push([version, day, count])
    if (counts.length < pageRows) continue
    yield change(1, 0, { kind: 'library/counted', counts })
    counts = []
  }
  if (counts.length > 0) yield change(1, 0, { kind: 'library/counted', counts })
  let uses: (readonly [string, number, number])[] = []
  const requests = walkRows<UseRow>(
    (last) => tx.query`
      select * from library_use where (handle, day) > (${last?.handle ?? ''}, ${last?.day ?? 0})
      order by handle, day limit ${pageRows}`,
  )
  for await (const { handle, day, count } of requests) {
    uses.push([handle, day, count])
    if (uses.length < pageRows) continue
    yield change(1, 0, { kind: 'library/used', uses })
    uses = []
  }
  if (uses.length > 0) yield change(1, 0, { kind: 'library/used', uses })
}

type Sequenced = SqlRow & { readonly sequence: number; readonly at: number }

async function* dumpAround(tx: Queryable): AsyncGenerator<SequencedChange> {
  yield* dumpRows<Sequenced & { library: number; tag: string; version: string }>(
    (last) => tx.query`
      select * from library_dist_tag where (library, tag) > (${last?.library ?? 0}, ${last?.tag ?? ''})
      order by library, tag limit ${pageRows}`,
    ({ library, tag, version }) => ({ kind: 'library/tag-put', library, tag, version }),
  )
  yield* dumpRows<PartyRow>(
    (last) => tx.query`
      select * from library_party
      where (library, handle, role) > (${last?.library ?? 0}, ${last?.handle ?? ''}, ${last?.role ?? ''})
      order by library, handle, role limit ${pageRows}`,
    ({ library, handle, role, by_handle: by }) => ({
      kind: 'library/party-put',
      library,
      handle,
      role: role as PartyRole,
      by,
    }),
  )
  yield* dumpRows<
    Sequenced & { id: string; library: number; issuer: string; claims: string; by_handle: string }
  >(
    (last) => tx.query`
      select * from library_publisher where id > ${last?.id ?? ''} order by id limit ${pageRows}`,
    ({ id, library, issuer, claims, by_handle: by }) => ({
      ...{ kind: 'library/publisher-put', id, library, issuer, by },
      claims: JSON.parse(claims),
    }),
  )
  yield* dumpRows<WebhookRow>(
    (last) => tx.query`
      select * from library_webhook where id > ${last?.id ?? ''} order by id limit ${pageRows}`,
    ({ id, library, url, events, secret, by_handle: by }) => ({
      ...{ kind: 'library/webhook-put', id, library, url, by },
      events: JSON.parse(events),
      secret: JSON.parse(secret),
    }),
  )
  yield* dumpRows<Sequenced & { owner: string; quota: string }>(
    (last) => tx.query`
      select * from library_quota where owner > ${last?.owner ?? ''} order by owner limit ${pageRows}`,
    ({ owner, quota }) => ({ kind: 'library/quota-put', owner, quota: JSON.parse(quota) }),
  )
  yield* dumpRows<Sequenced & { id: string; body: string; by_handle: string }>(
    (last) => tx.query`
      select * from library_advisory where id > ${last?.id ?? ''} order by id limit ${pageRows}`,
    ({ body, by_handle: by }) => ({ kind: 'library/advisory-put', ...JSON.parse(body), by }),
  )
  yield* dumpRows<
    Sequenced & { id: string; public_key: string; secret: string; retired_at: number | null }
  >(
    (last) => tx.query`
      select * from library_key where id > ${last?.id ?? ''} order by id limit ${pageRows}`,
    ({ id, public_key: publicKey, secret, retired_at: retiredAt }) => ({
      ...{ kind: 'library/key-put', id, publicKey, secret: JSON.parse(secret) },
      ...(retiredAt === null ? {} : { retiredAt }),
    }),
  )
  yield* dumpRows<
    Sequenced & { event: string; library: number; version: string | null; by_handle: string }
  >(
    (last) => tx.query`
      select * from library_event where sequence > ${last?.sequence ?? 0} order by sequence limit ${pageRows}`,
    ({ event, library, version, by_handle: by }) => ({
      ...{ kind: 'library/event', event: event as FeedEvent, library, by },
      ...(version === null ? {} : { version }),
    }),
  )
}

async function* dumpRows<Row extends { readonly sequence: number; readonly at: number }>(
  page: (last: Row | undefined) => Promise<readonly Row[]>,
  changeOf: (row: Row) => LibraryChange,
): AsyncGenerator<SequencedChange> {
  for await (const row of walkRows<Row>(page)) yield change(row.sequence, row.at, changeOf(row))
}

function change(sequence: number, at: number, body: LibraryChange): SequencedChange {
  return { sequence: BigInt(sequence), at, body }
}
