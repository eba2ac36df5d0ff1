import { KnownBuckets } from '#object/_known-buckets'
import type { ObjectParts } from '#object/_parts'
import {
  configureBucket,
  createBucket,
  deleteBucket,
  headBucket,
  listBuckets,
  setVersioning,
} from '#object/buckets'
import { completeUpload } from '#object/complete'
import { copyObject } from '#object/copy'
import { copyPart } from '#object/copy-part'
import { deleteObject, deleteObjects } from '#object/delete'
import { listObjects } from '#object/list'
import { listUploads } from '#object/list-uploads'
import { listVersions } from '#object/list-versions'
import type { BucketName, ObjectStore } from '#object/model'
import { headObject, openObject } from '#object/open'
import { putObject } from '#object/put'
import { bucketUsage, ownerUsage, setOwnerQuota } from '#object/quota'
import { setTraits } from '#object/traits'
import { abortUpload, createUpload, headUpload, listParts, putPart } from '#object/uploads'

/** The object domain over its parts: what doors are given. It owns nothing, so there is nothing to close. */
export function openObjectStore(options: ObjectParts): ObjectStore {
  const known = new KnownBuckets(options.sql)
  const parts = { ...options, known }
  const listeners = new Set<(name: BucketName) => void>([(name) => known.forget(name)])
  /** Also after a failure: what was decided may be known only later. */
  const tellOf = <T>(name: BucketName, work: Promise<T>): Promise<T> =>
    work.finally(() => {
      for (const listener of listeners) listener(name)
    })
  return {
    createBucket: (name, options) => tellOf(name, createBucket(parts, name, options)),
    headBucket: (name) => headBucket(parts, name),
    listBuckets: () => listBuckets(parts),
    deleteBucket: (name) => tellOf(name, deleteBucket(parts, name)),
    bucketUsage: (name) => bucketUsage(parts, name),
    ownerUsage: (owner) => ownerUsage(parts, owner),
    setOwnerQuota: (owner, quota) => setOwnerQuota(parts, owner, quota),
    onBucketChange: (listener) => void listeners.add(listener),
    put: (bucket, key, options) => putObject(parts, { bucket, key }, options),
    open: (bucket, key, options) => openObject(parts, { bucket, key, ...options }),
    head: (bucket, key, version) => headObject(parts, { bucket, key, version }),
    delete: (bucket, key, options) => deleteObject(parts, { bucket, key }, options),
    deleteMany: (bucket, asked) => deleteObjects(parts, bucket, asked),
    configure: (bucket, name, value, { origin } = {}) =>
      tellOf(bucket, configureBucket(parts, bucket, { name, value, origin })),
    setTraits: (address, traits, options) => setTraits(parts, address, traits, options),
    setVersioning: (name, versioning) => tellOf(name, setVersioning(parts, name, versioning)),
    listVersions: (bucket, query) => listVersions(parts, bucket, query),
    copy: (source, target, options) => copyObject(parts, source, target, options),
    list: (bucket, query) => listObjects(parts, bucket, query),
    createUpload: (bucket, key, options) => createUpload(parts, { bucket, key }, options),
    headUpload: (bucket, key, uploadId) => headUpload(parts, { bucket, key, uploadId }),
    putPart: (upload, number, options) => putPart(parts, upload, { number, ...options }),
    copyPart: (upload, number, source, options) =>
      copyPart(parts, upload, { number, source, ...options }),
    listParts: (upload, page) => listParts(parts, upload, page),
    listUploads: (bucket, query) => listUploads(parts, bucket, query),
    completeUpload: (upload, completed, options) =>
      completeUpload(parts, upload, { completed, ...options }),
    abortUpload: (upload) => abortUpload(parts, upload),
  }
}
