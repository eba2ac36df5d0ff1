/** Keys of others than root, as the store makes them, and clients that use them. */
import type { S3Client } from '@aws-sdk/client-s3'
import type { NewPrincipal } from '#identity/accounts'
import { clientOf } from '../../sdk.ts'
import type { S3Server } from './s3-server.ts'

export interface ClientKey {
  readonly accessKeyId: string
  readonly secret: string
  readonly token?: string
}

export function clientWith(
  { s3Url }: S3Server,
  { accessKeyId, secret: secretAccessKey, token }: ClientKey,
): S3Client {
  const session = token === undefined ? {} : { sessionToken: token }
  return clientOf({ s3Url, accessKeyId, secretAccessKey, ...session })
}

/** Somebody new, with a key of their own. */
export async function newcomer(server: S3Server, somebody: NewPrincipal): Promise<S3Client> {
  const { id } = await server.accounts.createPrincipal(somebody)
  return clientWith(server, await server.accounts.createKey(id))
}
