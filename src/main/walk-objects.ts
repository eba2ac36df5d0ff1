/** Every object of a store, bucket by bucket, in key order. */
import type { BucketName, ObjectInfo, ObjectStore } from '#object/model'

const pageKeys = 1_000

export async function* walkObjects(
  objects: Pick<ObjectStore, 'list' | 'listBuckets'>,
  {
    bucket,
    prefix = '',
  }: { readonly bucket?: BucketName | undefined; readonly prefix?: string } = {},
): AsyncGenerator<ObjectInfo> {
  const buckets =
    bucket === undefined ? (await objects.listBuckets()).map(({ name }) => name) : [bucket]
  for (const name of buckets) {
    let after: string | undefined
    do {
      const query = { prefix, limit: pageKeys, ...(after === undefined ? {} : { after }) }
      const page = await objects.list(name, query)
      yield* page.objects
      after = page.next
    } while (after !== undefined)
  }
}
