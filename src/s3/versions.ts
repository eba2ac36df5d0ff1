/** All versions of the keys of a bucket, in the endpoint's order. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
import { Readable } from 'node:stream'
import {
  type DeleteMarkerEntry,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { plainEtag } from '#s3/etag'
import { endpointFault } from '#s3/faults'
import { isUnknownThere } from '#s3/refusal'

export interface ListedVersion {
  readonly key: string
  /** `null` for what was written while the bucket kept no versions. */
  readonly version: string
  readonly modifiedAt: Date
  /** `undefined` for a delete marker. */
  readonly content: { readonly bytes: number; readonly etag: string } | undefined
}

interface Signalled {
  readonly signal: AbortSignal
}

/** Keys in order, the versions of each from the newest to the oldest, delete markers where they belong. */
export async function* listVersions(
  endpoint: Endpoint,
  bucket: string,
  { prefix = '', signal }: Signalled & { readonly prefix?: string | undefined },
): AsyncGenerator<ListedVersion, void, undefined> {
  let markers: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {}
  for (;;) {
    const input = { Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...markers } as const
    const { page, kinds } = await call(
      endpoint,
      async (client, sending) => {
        const command = new ListObjectVersionsCommand(input)
        const seen = keepKinds(command)
        return { page: await client.send(command, sending), kinds: seen() }
      },
      { detail: { bucket }, signal },
    )
    if (page.Name === undefined && page.IsTruncated === undefined) {
      throw endpointFault('endpoint/not-s3', { endpoint: endpoint.url })
    }
    yield* together([...inOrder(page, kinds)])
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return
    const { NextKeyMarker, NextVersionIdMarker } = page
    markers = {
      KeyMarker: decode(NextKeyMarker, page),
      ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }),
    }
  }
}

type Kind = 'Version' | 'DeleteMarker'

/**
 * The SDK sorts the page into versions and markers, and forgets which came before which; times may be equal. The order of the elements is read
 * from the document itself: inside of texts `<` is escaped, so that nothing else looks like one.
 */
function keepKinds(command: ListObjectVersionsCommand): () => readonly Kind[] {
  let kinds: readonly Kind[] = []
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const response = result.response as { body?: AsyncIterable<Uint8Array> } // the SDK's own, not typed at this step
      const pieces = response.body === undefined ? [] : await Array.fromAsync(response.body)
      const whole = Buffer.concat(pieces)
      const found = whole.toString('utf8').matchAll(/<(Version|DeleteMarker)>/g)
      kinds = Array.from(found, ([, kind]) => kind as Kind) // the pattern allows no other
      response.body = Readable.from([whole])
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'keepKinds' },
  )
  return () => kinds
}

function* inOrder(
  page: ListObjectVersionsCommandOutput,
  kinds: readonly Kind[],
): Generator<ListedVersion> {
  const versions = (page.Versions ?? []).values()
  const markers = (page.DeleteMarkers ?? []).values()
  for (const kind of kinds) {
    if (kind === 'DeleteMarker') {
      const marker = markers.next().value
      if (marker !== undefined) yield { ...nameOf(marker, page), content: undefined }
      continue
    }
    const one = versions.next().value
    if (one === undefined) continue
    const { Size = 0, ETag = '' } = one
    yield { ...nameOf(one, page), content: { bytes: Size, etag: plainEtag(ETag) } }
  }
}

/**
 * S3 keeps what is of one key together. Some endpoints tell all versions of a page first and then all delete markers: there, only times say what came
 * after what, and of equal ones the marker counts as the later.
 */
function together(listed: readonly ListedVersion[]): readonly ListedVersion[] {
  const groups = Map.groupBy(listed, ({ key }) => key)
  const changes = listed.filter(({ key }, index) => key !== listed[index - 1]?.key)
  if (changes.length === groups.size) return listed
  return [...groups.values()].flatMap((versions) => versions.toSorted(byTime))
}

function byTime(one: ListedVersion, other: ListedVersion): number {
  const isMarker = ({ content }: ListedVersion): number => (content === undefined ? 1 : 0)
  return other.modifiedAt.getTime() - one.modifiedAt.getTime() || isMarker(other) - isMarker(one)
}

function nameOf(
  { Key = '', VersionId = 'null', LastModified = new Date(0) }: DeleteMarkerEntry,
  page: ListObjectVersionsCommandOutput,
): Omit<ListedVersion, 'content'> {
  return { key: decode(Key, page), version: VersionId, modifiedAt: LastModified }
}

/** Asked for, because XML cannot carry every key; not every endpoint does it. */
function decode(
  text: string,
  { EncodingType }: Pick<ListObjectVersionsCommandOutput, 'EncodingType'>,
): string {
  return EncodingType === 'url' ? decodeURIComponent(text.replaceAll('+', ' ')) : text
}

export type KeptVersions = 'enabled' | 'suspended' | 'never'

/** `never` as well for endpoints that know no versions. */
export async function versioningOf(
  endpoint: Endpoint,
  bucket: string,
  { signal }: Signalled,
): Promise<KeptVersions> {
  const input = { Bucket: bucket }
  try {
    const { Status } = await call(
      endpoint,
      (client, sending) => client.send(new GetBucketVersioningCommand(input), sending),
      { detail: { bucket }, signal },
    )
    if (Status === 'Enabled') return 'enabled'
    return Status === 'Suspended' ? 'suspended' : 'never'
  } catch (error) {
    if (isUnknownThere(error)) return 'never'
    throw error
  }
}

export async function setVersioning(
  endpoint: Endpoint,
  bucket: string,
  versioning: Exclude<KeptVersions, 'never'>,
  { signal }: Signalled,
): Promise<void> {
  const Status = versioning === 'enabled' ? 'Enabled' : 'Suspended'
  const input = { Bucket: bucket, VersioningConfiguration: { Status } } as const
  await call(
    endpoint,
    (client, sending) => client.send(new PutBucketVersioningCommand(input), sending),
    { detail: { bucket }, signal },
  )
}
