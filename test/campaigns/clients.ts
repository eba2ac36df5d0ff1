/**
 * `npm run campaign -- clients`: 5 GiB there and back with each client that people have. Writes docs/evidence/clients.md.
 * `--mebibytes N` takes a shorter way, and writes nothing.
 */
import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client as Minio } from 'minio'
import { type RunningStore, startStore } from '../harness.ts'
import { type ClientName, installClients } from '../install-clients.ts'
import { firstDifference, largeBytes, mebibyte, streamOf } from '../large-object.ts'
import { type Client, outsideClient } from '../outside-clients.ts'
import { versionOfPackage } from '../package-version.ts'
import { bucketOf } from '../s3-bucket.ts'

/** How each takes a file to a new bucket and brings it back. */
const journeys: Readonly<
  Record<ClientName, (client: Client, sent: string, back: string) => Promise<void>>
> = {
  async aws(aws, sent, back) {
    await aws('s3', 'mb', 's3://large-aws')
    await aws('s3', 'cp', '--no-progress', sent, 's3://large-aws/file')
    await aws('s3', 'cp', '--no-progress', 's3://large-aws/file', back)
    await aws('s3', 'rb', '--force', 's3://large-aws')
  },
  async boto3(boto3, sent, back) {
    await boto3('mb', 'large-boto3')
    await boto3('put', sent, 'large-boto3', 'file')
    await boto3('get', 'large-boto3', 'file', back)
    await boto3('rm', 'large-boto3')
  },
  async duplicity(duplicity, sent, back) {
    const [folder, restored] = [`${sent}-alone`, `${back}-alone`] // it takes folders, not files
    await mkdir(folder)
    await link(sent, join(folder, 'file'))
    const url = 'boto3+s3://large-duplicity/backup'
    await duplicity('full', folder, url)
    await duplicity('restore', url, restored)
    await rename(join(restored, 'file'), back)
    await duplicity('remove-older-than', 'now', '--force', url)
  },
  async rclone(rclone, sent, back) {
    await rclone('mkdir', 'store:large-rclone')
    await rclone('copyto', sent, 'store:large-rclone/file')
    await rclone('copyto', 'store:large-rclone/file', back)
    await rclone('purge', 'store:large-rclone')
  },
  async restic(restic, sent, back) {
    await restic('init')
    await restic('backup', sent)
    await restic('check', '--read-data')
    await restic('restore', 'latest', '--target', `${back}-alone`)
    await rename(join(`${back}-alone`, sent), back)
    await restic('forget', '--prune', 'latest')
  },
  async s3cmd(s3cmd, sent, back) {
    await s3cmd('mb', 's3://large-s3cmd')
    await s3cmd('--no-progress', 'put', sent, 's3://large-s3cmd/file')
    await s3cmd('--no-progress', 'get', 's3://large-s3cmd/file', back)
    await s3cmd('del', '--recursive', '--force', 's3://large-s3cmd')
  },
  async s3fs(s3fs, sent, back) {
    const mount = `${back}-mount`
    await mkdir(mount)
    await s3fs('large-s3fs', mount)
    try {
      await copyFile(sent, join(mount, 'file'))
      await copyFile(join(mount, 'file'), back)
      await rm(join(mount, 'file'))
    } finally {
      execFileSync('fusermount', ['-u', mount])
    }
  },
  async s4cmd(s4cmd, sent, back) {
    await s4cmd('mb', 's3://large-s4cmd')
    await s4cmd('put', sent, 's3://large-s4cmd/file')
    await s4cmd('get', 's3://large-s4cmd/file', back)
    await s4cmd('del', 's3://large-s4cmd/file')
  },
}

/** Those that make no buckets by themselves. */
const bucketless = ['duplicity', 's3fs']

async function withMinio({ store, sent, back }: Journey): Promise<void> {
  const { s3Url, accessKeyId: accessKey, secretAccessKey: secretKey } = store
  const { hostname: endPoint, port } = new URL(s3Url)
  const client = new Minio({ endPoint, port: Number(port), useSSL: false, accessKey, secretKey })
  await client.makeBucket('large-minio-js')
  await client.fPutObject('large-minio-js', 'file', sent)
  await client.fGetObject('large-minio-js', 'file', back)
  await client.removeObject('large-minio-js', 'file')
}

/** Rejects when a client is missing or brings back anything else than what it took there; the evidence is then not written. */
export async function campaign(args: readonly string[]): Promise<void> {
  const { mebibytes } = parseArgs({
    args: [...args],
    options: { mebibytes: { type: 'string' } },
  }).values
  const bytes = mebibytes === undefined ? largeBytes : Number(mebibytes) * mebibyte
  const clients = installClients()
  const names = Object.keys(journeys) as ClientName[] // its keys
  for (const name of names) {
    const { version, text } = clients[name]
    if (version === undefined) throw new Error(text)
    await travel(name, bytes, async ({ store, folder, sent, back }) => {
      await journeys[name](outsideClient(clients[name], store, folder), sent, back)
    })
  }
  await travel('minio-js', bytes, withMinio)
  if (bytes !== largeBytes) return
  const evidence = new URL('../../docs/evidence/', import.meta.url)
  await mkdir(evidence, { recursive: true })
  const versions = names.map((name) => `| ${name} | ${clients[name].text} |`)
  versions.push(`| minio-js | minio ${versionOfPackage('minio')} |`)
  await writeFile(new URL('clients.md', evidence), report(versions))
}

interface Journey {
  readonly store: RunningStore
  readonly folder: string
  /** The file to take there. */
  readonly sent: string
  /** Where it is to be brought back. */
  readonly back: string
}

/** Each has a store of its own: what was removed is collected long after, and the disk should hold one journey, not ten. */
async function travel(
  name: string,
  bytes: number,
  journey: (journey: Journey) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-large-'))
  const store = await startStore({ flags: ['--log', 'warn'] })
  try {
    const [sent, back] = [join(folder, 'sent'), join(folder, 'back')]
    await writeFile(sent, streamOf('sent', { offset: 0, bytes }))
    if (bucketless.includes(name)) {
      using bucket = bucketOf(store, `large-${name}`)
      await bucket.create()
    }
    await journey({ store, folder, sent, back })
    const difference = await firstDifference(createReadStream(back), 'sent', bytes)
    if (difference !== undefined) throw new Error(`${name}: other bytes from ${difference} on`)
    console.log(`${name}: every byte`)
  } finally {
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

function report(versions: readonly string[]): string {
  return `# Large objects with the clients people have

\`npm run campaign -- clients\`: each took a file of ${largeBytes / mebibyte} MiB to a store of 14 nodes with profile 10+4 and brought it back, with its own
default settings (parts, checksums, parallelism); the bytes were compared. Node ${process.version}.

| client | version |
| --- | --- |
${versions.join('\n')}

The same with the AWS SDK for JavaScript is a test: \`test/integration/five-gibibytes.test.ts\`.
`
}
