/**
 * What the page asks of its server: manifests, and pieces of blocks. All of it is ciphertext, nothing of it is believed before it is checked, and
 * the key is not among what is sent.
 */
import type { Block, ShardLocation } from '#content/metadata'
import { webFault } from '#web/faults'

/** The largest a registry may be told to keep. */
const manifestBytesMax = 64 * 2 ** 20
/** Uploaders cut blocks of 5 MiB. */
const blockBytesMax = 64 * 2 ** 20
const requestMs = 30_000

/** Somebody pressed "reload": what lies in the browser's cache may be what was wrong. */
const cache: RequestCache = 'reload'
let isReload = false

/** From now on, what is in the browser's cache is not used. */
export function distrustCache(): void {
  isReload = true
}

/** `web/no-such-link`, `web/registry-away` */
export async function fetchManifest(hash: string): Promise<Uint8Array> {
  const reply = await request(`/api/v1/metadata/${hash}`, { bytesMax: manifestBytesMax })
  if (reply.state === 'there') return reply.bytes
  if (reply.state === 'missing') throw webFault('web/no-such-link')
  throw webFault('web/registry-away', { status: reply.status })
}

export type Reply =
  | { readonly state: 'there'; readonly bytes: Uint8Array }
  /** 403: the server does not speak to this store. */
  | { readonly state: 'missing' | 'refused' | 'away'; readonly status: number | undefined }

/** One shard of a block. Never throws. */
export async function fetchShard(
  { host, port, db }: ShardLocation,
  { encryptedHash, requiredShards }: Block,
  signal: AbortSignal,
): Promise<Reply> {
  const path = `/api/v1/shards/${encodeURIComponent(host)}/${port}/${db}/${encryptedHash.toHex()}`
  return await request(path, { bytesMax: Math.ceil(blockBytesMax / requiredShards), signal })
}

async function request(
  path: string,
  { bytesMax, signal }: { readonly bytesMax: number; readonly signal?: AbortSignal },
): Promise<Reply> {
  const signals = [AbortSignal.timeout(requestMs), ...(signal === undefined ? [] : [signal])]
  try {
    const response = await fetch(path, {
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.any(signals),
      ...(isReload ? { cache } : {}),
    })
    const { status } = response
    if (status === 404) return { state: 'missing', status }
    if (status === 403) return { state: 'refused', status }
    if (status !== 200 || response.body === null) return { state: 'away', status }
    const bytes = await collect(response.body, bytesMax)
    return bytes === undefined ? { state: 'away', status } : { state: 'there', bytes }
  } catch {
    return { state: 'away', status: undefined }
  }
}

/** `undefined` when there are more than `bytesMax`. */
async function collect(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    if (length > bytesMax) return undefined
    pieces.push(piece)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
