/** One object as one file: fetched beside its target, checked, opened when it is encrypted, and only then given its name. */
import type { Context, Secret } from '#cli/context'
import {
  envelopeHeadBytes,
  envelopeMetadata,
  openEnvelope,
  plainLength,
  readEnvelopeOrigin,
} from '#cli/envelope'
import { behindHead, openStream } from '#cli/envelope-stream'
import { type CliFaultCode, cliFault } from '#cli/faults'
import { hasChecksum } from '#cli/has-checksum'
import { lookAt, requireReplaceable } from '#cli/local-file'
import { moveInto, openPartial, type PartialFile, partialPath, removeFile } from '#cli/partial-file'
import type { Progress } from '#cli/progress'
import { secretForOpening } from '#cli/secret'
import { openDigest } from '#crypto/digest'
import { Fault, isFault } from '#fault/fault'
import type { ObjectFacts, ObjectName } from '#s3/head'
import { readObject } from '#s3/read'

export interface Fetched {
  /** Of the file. */
  readonly bytes: number
  /** Bytes of an earlier, interrupted run that were gone on with. */
  readonly bytesKept: number
  readonly outcome: 'downloaded' | 'already there'
}

export interface FetchOptions {
  readonly facts: ObjectFacts
  readonly progress: Progress
  readonly mayResume: boolean
}

/** `target`: the file's path. Directories above it are made. */
export async function downloadObject(
  context: Context,
  name: ObjectName,
  target: string,
  { facts, progress, mayResume }: FetchOptions,
): Promise<Fetched> {
  const { signal } = context
  await requireReplaceable(target)
  if (mayResume && (await isThere(target, facts, signal))) {
    progress.bytesKept += facts.bytes
    return { bytes: facts.bytes, bytesKept: 0, outcome: 'already there' }
  }
  const dataKey = await keyOf(context, name, facts)
  const path = partialPath(target, facts.etag)
  await using partial = await openPartial(path)
  if (!mayResume || partial.bytes() > facts.bytes) await partial.clear()
  const bytesKept = partial.bytes()
  progress.bytesKept += bytesKept
  await fetchRest(context, name, partial, { facts, progress })
  if (dataKey === undefined) {
    await moveInto(target, path)
    return { bytes: facts.bytes, bytesKept, outcome: 'downloaded' }
  }
  const bytes = await openInto(target, partial, { dataKey, name, signal })
  await removeFile(path)
  return { bytes, bytesKept, outcome: 'downloaded' }
}

/** As it comes, for a pipe: the last bytes are out before the whole is known to be right, so that only the exit code can say so. */
export async function pourObject(
  context: Context,
  name: ObjectName,
  { facts, progress }: Pick<FetchOptions, 'facts' | 'progress'>,
): Promise<number> {
  const { endpoint, signal, writeOut } = context
  const dataKey = await keyOf(context, name, facts)
  const check = openCheck(name, facts)
  const source = checked(readObject(endpoint, name, facts, { signal }), check, progress)
  const plain =
    dataKey === undefined ? source : named(name, openStream(behindHead(source), dataKey))
  let bytes = 0
  for await (const piece of plain) {
    await writeOut(piece)
    bytes += piece.length
  }
  return bytes
}

async function isThere(target: string, facts: ObjectFacts, signal: AbortSignal): Promise<boolean> {
  const { checksum, bytes, metadata } = facts
  if (checksum === undefined || metadata[envelopeMetadata] !== undefined) return false
  try {
    const found = await lookAt(target)
    if (!found.isFile() || found.size !== bytes) return false
    return await hasChecksum({ path: target, bytes }, checksum, signal)
  } catch (error) {
    if (isFault(error, 'cli/no-such-file')) return false
    throw error
  }
}

/** Goes on behind what is there, and compares the whole. What does not agree is thrown away. */
async function fetchRest(
  { endpoint, signal }: Context,
  name: ObjectName,
  partial: PartialFile,
  { facts, progress }: Pick<FetchOptions, 'facts' | 'progress'>,
): Promise<void> {
  const check = openCheck(name, facts)
  const from = partial.bytes()
  if (from > 0) for await (const piece of partial.read(signal)) check.update(piece)
  try {
    const rest = readObject(endpoint, name, facts, { from, signal })
    for await (const piece of checked(rest, check, progress)) await partial.append(piece)
  } catch (error) {
    const isUseless = isFault(error, 'cli/damaged-download', 'endpoint/changed', 'endpoint/damaged')
    if (isUseless) await removeFile(partial.path)
    throw error
  }
}

interface Check {
  update(bytes: Uint8Array): void
  /** `cli/damaged-download` */
  end(): void
}

function openCheck(
  { bucket, key }: ObjectName,
  { bytes, checksum }: Pick<ObjectFacts, 'bytes' | 'checksum'>,
): Check {
  const digest = checksum === undefined ? undefined : openDigest(checksum.algorithm)
  let total = 0
  return {
    update: (piece) => {
      total += piece.length
      digest?.update(piece)
    },
    end: () => {
      if (total !== bytes) {
        const reason = `${total} bytes instead of ${bytes}`
        throw cliFault('cli/damaged-download', { bucket, key, reason })
      }
      if (digest === undefined || checksum === undefined) return
      if (Buffer.from(digest.digest()).toString('hex') === checksum.hex) return
      const reason = `its ${checksum.algorithm.toUpperCase()} is another one`
      throw cliFault('cli/damaged-download', { bucket, key, reason })
    },
  }
}

async function* checked(
  source: AsyncIterable<Uint8Array>,
  check: Check,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    check.update(piece)
    progress.bytesMoved += piece.length
    yield piece
  }
  check.end()
}

/** `undefined` for an object that is not encrypted. Reads the head first, so that a wrong passphrase costs no download. */
async function keyOf(
  { endpoint, secrets, signal }: Context,
  name: ObjectName,
  facts: ObjectFacts,
): Promise<Uint8Array | undefined> {
  const { bucket, key } = name
  const version = facts.metadata[envelopeMetadata]
  if (version === undefined) return undefined
  if (plainLength(facts.bytes) === undefined) {
    const reason = 'no encrypted object has its length'
    throw cliFault('cli/damaged-envelope', { bucket, key, reason })
  }
  const pieces = await Array.fromAsync(
    readObject(endpoint, name, facts, { until: envelopeHeadBytes, signal }),
  )
  return await withName(name, async () => {
    const head = new Uint8Array(Buffer.concat(pieces))
    const origin = readEnvelopeOrigin(head)
    const secret: Secret = await secretForOpening(secrets, { origin, name: `${bucket}/${key}` })
    return await openEnvelope(head, secret)
  })
}

/** Opens the whole of `partial` beside the target, and moves it there. */
async function openInto(
  target: string,
  partial: PartialFile,
  {
    dataKey,
    name,
    signal,
  }: { readonly dataKey: Uint8Array; readonly name: ObjectName; readonly signal: AbortSignal },
): Promise<number> {
  const path = partialPath(target, 'opened')
  await using plain = await openPartial(path)
  await plain.clear()
  try {
    const pieces = openStream(behindHead(partial.read(signal)), dataKey)
    for await (const piece of named(name, pieces)) await plain.append(piece)
    await moveInto(target, path)
  } catch (error) {
    await removeFile(path)
    if (isFault(error, 'cli/damaged-envelope')) await removeFile(partial.path)
    throw error
  }
  return plain.bytes()
}

async function* named(
  name: ObjectName,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (error) {
    throw withDetail(name, error)
  }
}

async function withName<Result>(name: ObjectName, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw withDetail(name, error)
  }
}

/** The envelope does not know whose it is; people want to. */
function withDetail({ bucket, key }: ObjectName, error: unknown): unknown {
  if (!(error instanceof Fault) || !error.code.startsWith('cli/')) return error
  const code = error.code as CliFaultCode // of this room, by its prefix
  return cliFault(code, { bucket, key, ...error.detail }, error)
}
