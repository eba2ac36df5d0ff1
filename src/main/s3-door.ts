/** The S3 door of this store: on its own port, and on the local mount. */
import { createS3Door, type S3Door } from '#api/s3/door'
import type { S3DoorOptions } from '#api/s3/door-options'
import { createWebsiteDoor } from '#api/s3/website-door'
import { Lookups } from '#gateway/lookups'
import type { HttpHandler } from '#http/message'
import type { IdentitySource } from '#identity/accounts'
import { type Mount, plainMount, regions } from '#main/s3-mounts'

export interface S3DoorParts
  extends Pick<S3DoorOptions, 'objects' | 'root' | 'domains' | 'rates' | 'world' | 'telemetry'> {
  readonly identities: IdentitySource
}

export function openS3Door(mount: Mount, parts: S3DoorParts): S3Door {
  return createS3Door({ ...commonOf(parts), ...mount })
}

export function openWebsiteDoor(parts: S3DoorParts): HttpHandler {
  return createWebsiteDoor({ ...commonOf(parts), ...plainMount })
}

function commonOf({ identities, ...parts }: S3DoorParts) {
  const lookups = new Lookups({ identities, objects: parts.objects })
  return { ...parts, lookups, regions } as const
}
