/**
 * What lies where in a data directory. Secrets are readable by their owner alone.
 *
 *     DATA/lock                    held by the one process that uses the directory
 *     DATA/metadata.sqlite         the metadata database (can be rebuilt from the nodes)
 *     DATA/keys/master.key         wraps every other key (cannot be rebuilt from anything)
 *     DATA/keys/keyring            the keys wrapped by it; every node has a copy
 *     DATA/aws-credentials         the access key, as AWS tools read it
 *     DATA/admin-endpoint          where the store that is up answers to mycelium admin
 *     DATA/audit/                  who did what: lines of JSON, chained
 *     DATA/hero-redis/             values of the Hero Redis port
 *     DATA/hero-redis.toml         who may do what there
 *     DATA/nodes/node-01/ …        storage nodes: shards, change log, keyring
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeDirectories } from '#disk/make-directories'
import { mainFault } from '#main/faults'
import { type Lock, takeLock } from '#main/lock'
import type { World } from '#world/world'

export interface DataDirectory {
  readonly root: string
  readonly database: string
  readonly masterKey: string
  readonly keyring: string
  readonly credentials: string
  readonly adminEndpoint: string
  readonly audit: string
  readonly heroRedis: string
  readonly heroRights: string
  nodeRoot(id: string): string
  /** Ids of the node directories there are, sorted. */
  listNodes(): Promise<readonly string[]>
}

export interface OpenDataDirectory extends DataDirectory, Disposable {
  readonly lock: Lock
}

const privateMode = 0o700

export function dataDirectory(path: string): DataDirectory {
  const root = resolve(path)
  const nodes = join(root, 'nodes')
  return {
    root,
    database: join(root, 'metadata.sqlite'),
    masterKey: join(root, 'keys', 'master.key'),
    keyring: join(root, 'keys', 'keyring'),
    credentials: join(root, 'aws-credentials'),
    adminEndpoint: join(root, 'admin-endpoint'),
    audit: join(root, 'audit'),
    heroRedis: join(root, 'hero-redis'),
    heroRights: join(root, 'hero-redis.toml'),
    nodeRoot: (id) => join(nodes, id),
    listNodes: async () => (await listDirectories(nodes)).filter((name) => !name.startsWith('.')),
  }
}

/**
 * Makes the directory when there is none, and locks it for this process until it is disposed of. `program` is what others are told.
 * `main/data-unusable`, `main/data-in-use`; with `mustExist` also `main/no-store`.
 */
export async function openDataDirectory(
  path: string,
  {
    program,
    world,
    mustExist = false,
    parts = ['keys', 'nodes'],
  }: {
    readonly program: string
    readonly world: World
    readonly mustExist?: boolean
    /** Directories in it that are made with it. */
    readonly parts?: readonly string[]
  },
): Promise<OpenDataDirectory> {
  const directory = dataDirectory(path)
  if (mustExist && (await directory.listNodes()).length === 0) {
    throw mainFault('main/no-store', { path: directory.root })
  }
  try {
    await makeDirectories(directory.root, privateMode)
    for (const part of parts) await makeDirectories(join(directory.root, part), privateMode)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // `node:fs` throws nothing else
    const reason = code === 'ENOENT' ? 'no directory can be made there' : reasonOf(cause)
    throw mainFault('main/data-unusable', { path: directory.root, reason }, cause)
  }
  const holder = { program, pid: process.pid, since: world.now() }
  const lock = takeLock(join(directory.root, 'lock'), holder)
  return { ...directory, lock, [Symbol.dispose]: () => lock.release() }
}

/** `node-01`, …: names of `mycelium up` only. */
export function nodeId(number: number): string {
  return `node-${String(number).padStart(2, '0')}`
}

async function listDirectories(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [] // `readdir` throws nothing else
    throw mainFault('main/data-unusable', { path, reason: reasonOf(cause) }, cause)
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'there is no such file or directory',
  EISDIR: 'it is a directory, not a file',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a directory',
  EEXIST: 'there is a file of that name',
  ENOSPC: 'the disk is full',
}

export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException // `node:fs` throws nothing else
  return reasons[code] ?? message
}
