/** The S3 door of this store, for whoever holds the root credentials: on its own port, and on the local mount. */
import { createHash } from 'node:crypto'
import { createS3Door, type S3Door } from '#api/s3/door'
import type { S3DoorOptions } from '#api/s3/door-options'
import type { AccessKeys } from '#identity/access-keys'

/** Below these, the first label of a host name is a bucket. */
export const domains = ['localhost']

export type Mount = Pick<S3DoorOptions, 'mount' | 'anonymous' | 'createsBuckets'>

/** Every request is signed. */
export const plainMount: Mount = { mount: '', anonymous: 'refused', createsBuckets: false }

export function openS3Door(
  mount: Mount,
  {
    credentials: { accessKeyId, secret },
    ...parts
  }: Pick<S3DoorOptions, 'objects' | 'world' | 'telemetry'> & {
    readonly credentials: { readonly accessKeyId: string; readonly secret: string }
  },
): S3Door {
  const id = createHash('sha256').update(accessKeyId).digest('hex')
  const owner = { id, displayName: 'root' }
  const root = { secret, principal: owner }
  const accessKeys: AccessKeys = (keyId) => (keyId === accessKeyId ? root : undefined)
  return createS3Door({ ...mount, ...parts, accessKeys, owner, regions: 'any', domains })
}
