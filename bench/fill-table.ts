/** A million objects the short way: rows of the database of a store that is stopped. Nothing of them is in the change log, so no rebuild would know them. */
import { DatabaseSync } from 'node:sqlite'
import { keyOf } from './client/job.ts'

/** Empty objects, which need no recipe. */
export function fillTable(
  path: string,
  { bucket, objects }: { readonly bucket: string; readonly objects: number },
): void {
  const database = new DatabaseSync(path)
  try {
    const found = database.prepare('select id from bucket where name = ?').get(bucket)
    const insert = database.prepare(
      `insert into version (bucket, key, sequence, at, bytes, etag, metadata)
       values (?, ?, 1, ?, 0, 'd41d8cd98f00b204e9800998ecf8427e', '{"user":{}}')`,
    )
    database.exec('begin')
    for (let index = 0; index < objects; index += 1)
      insert.run(found?.['id'] ?? null, Buffer.from(keyOf(index)), 1_700_000_000_000 + index)
    database.exec('commit')
  } finally {
    database.close()
  }
}
