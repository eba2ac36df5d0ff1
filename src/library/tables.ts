/** The library tables, and how changes become their rows. What can be found by words follows from the rows, in the same transaction. */
import type { ChangeRoom } from '#changelog/change'
import { applyLibraryChange } from '#library/_apply'
import { dumpLibraries } from '#library/_dump'
import { createSearchTables } from '#library/_search-tables'
import type { Queryable } from '#sql/sql'

export const libraryRoom: ChangeRoom = {
  room: 'library',
  migrations: [createTables, createSearchTables],
  apply: applyLibraryChange,
  dump: dumpLibraries,
}

async function createTables(tx: Queryable): Promise<void> {
  await tx.query`create table library (
    id integer primary key, scope text not null, name text not null, skeleton text not null, owner text not null,
    visibility text not null, settings text not null, archived_at integer, deprecated text, at integer not null,
    updated_at integer not null, latest integer, shown integer, search_row integer unique, description text not null,
    license text, versions integer not null, downloads integer not null, unique (scope, name))`
  await tx.query`create index library_skeleton on library (scope, skeleton)`
  await tx.query`create index library_owner on library (owner)`
  await tx.query`create index library_by_downloads on library (downloads, updated_at, id)`
  await tx.query`create index library_by_update on library (updated_at, id)`
  await tx.query`create index library_by_name on library (name, scope, id)`
  await tx.query`create table library_version (
    id integer primary key, library integer not null, version text not null, sort_key text not null,
    is_prerelease integer not null, state text not null, digest text not null, tree_digest text not null,
    bytes integer not null, unpacked_bytes integer not null, files integer not null, manifest text not null,
    document text not null, readme text, readme_digest text, readme_bytes integer, provenance_digest text,
    provenance_bytes integer, findings text not null, signature text, publisher text not null,
    published_by text not null, published_via text not null, at integer not null, yanked text, deprecated text,
    deleted_at integer, damaged_at integer, downloads integer not null, unique (library, version))`
  await tx.query`create index library_version_order on library_version (library, sort_key)`
  await tx.query`create index library_version_digest on library_version (digest)`
  await tx.query`create index library_version_readme on library_version (readme_digest)`
  await tx.query`create index library_version_provenance on library_version (provenance_digest)`
  // Not of the live ones, which are nearly all: it would be taken for them, too.
  await tx.query`create index library_version_waiting on library_version (at) where state in ('staged', 'quarantined')`
  await tx.query`create table library_file (
    version integer not null, path text not null, bytes integer not null, digest text not null,
    primary key (version, path))`
  await tx.query`create table library_words (
    version integer primary key, headings text not null, bodies text not null)`
  await tx.query`create table library_dist_tag (
    library integer not null, tag text not null, version text not null, sequence integer not null, at integer not null,
    primary key (library, tag))`
  await tx.query`create table library_party (
    library integer not null, handle text not null, role text not null, by_handle text not null,
    sequence integer not null, at integer not null, primary key (library, handle, role))`
  await tx.query`create index library_party_handle on library_party (handle, role)`
  await tx.query`create table library_publisher (
    id text primary key, library integer not null, issuer text not null, claims text not null, by_handle text not null,
    sequence integer not null, at integer not null)`
  await tx.query`create index library_publisher_issuer on library_publisher (issuer)`
  await tx.query`create index library_publisher_library on library_publisher (library)`
  await tx.query`create table library_webhook (
    id text primary key, library integer not null, url text not null, events text not null, secret text not null,
    by_handle text not null, sequence integer not null, at integer not null)`
  await tx.query`create index library_webhook_library on library_webhook (library)`
  await tx.query`create table library_download (
    version integer not null, day integer not null, count integer not null, primary key (version, day))`
  await tx.query`create index library_download_day on library_download (day)`
  await tx.query`create table library_use (
    handle text not null, day integer not null, count integer not null, primary key (handle, day))`
  await tx.query`create table library_quota (
    owner text primary key, quota text not null, sequence integer not null, at integer not null)`
  await tx.query`create table library_advisory (
    id text primary key, scope text not null, name text not null, body text not null, by_handle text not null,
    sequence integer not null, at integer not null)`
  await tx.query`create index library_advisory_library on library_advisory (scope, name)`
  await tx.query`create table library_key (
    id text primary key, public_key text not null, generation integer not null, secret text not null,
    retired_at integer, sequence integer not null, at integer not null)`
  await tx.query`create table library_event (
    sequence integer primary key, at integer not null, event text not null, library integer not null, version text,
    by_handle text not null)`
}
