/**
 * What words are found by: `derived_library_head` by those of name, tags and description, `derived_library_text` by all. Each has one row per library that
 * has something live, under its `search_row`. On SQLite they are FTS5 tables that keep no text, on PostgreSQL tables of `tsvector`. Both are written by the
 * same statements, with words (`words.ts`) instead of text. `library_tag`, `library_term` and `library_trigram` follow from the rows as well, and are the
 * same everywhere.
 */
import { dialectOf } from '#sql/catalog'
import type { Queryable } from '#sql/sql'

export async function createSearchTables(tx: Queryable): Promise<void> {
  await tx.query`create table library_tag (
    tag text not null, library integer not null, primary key (tag, library))`
  await tx.query`create index library_tag_library on library_tag (library)`
  await tx.query`create table library_term (
    term text not null, library integer not null, primary key (term, library))`
  await tx.query`create index library_term_library on library_term (library)`
  await tx.query`create table library_trigram (
    trigram text not null, term text not null, primary key (trigram, term))`
  await tx.query`create index library_trigram_term on library_trigram (term)`
  if ((await dialectOf(tx)) === 'sqlite') await createFts5(tx)
  else await createVectors(tx)
}

/**
 * `contentless_delete` forgets text, `detail=column` remembers in which fields a word stands and not where: half the size, and all that is asked.
 * https://www.sqlite.org/fts5.html
 */
async function createFts5(tx: Queryable): Promise<void> {
  await tx.query`create virtual table derived_library_head using fts5 (
    name, tags, description, content='', contentless_delete=1, detail=column, prefix='2 3',
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co M*'")`
  await tx.query`create virtual table derived_library_text using fts5 (
    name, tags, description, headings, bodies, content='', contentless_delete=1, detail=column, prefix='2 3',
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co M*'")`
}

/** An index for each set of fields that is looked through: the name, the name and the tags, …; exact, for no lexeme has a weight or a place. */
async function createVectors(tx: Queryable): Promise<void> {
  await tx.query`create table derived_library_head (
    rowid integer primary key, name tsvector not null, tags tsvector not null, description tsvector not null)`
  await tx.query`create index derived_library_head_1 on derived_library_head using gin (name) with (fastupdate = off)`
  await tx.query`create index derived_library_head_2 on derived_library_head
    using gin ((name || tags)) with (fastupdate = off)`
  await tx.query`create index derived_library_head_3 on derived_library_head
    using gin ((name || tags || description)) with (fastupdate = off)`
  await tx.query`create table derived_library_text (
    rowid integer primary key, name tsvector not null, tags tsvector not null, description tsvector not null,
    headings tsvector not null, bodies tsvector not null)`
  await tx.query`create index derived_library_text_4 on derived_library_text
    using gin ((name || tags || description || headings)) with (fastupdate = off)`
  await tx.query`create index derived_library_text_5 on derived_library_text
    using gin ((name || tags || description || headings || bodies)) with (fastupdate = off)`
}
