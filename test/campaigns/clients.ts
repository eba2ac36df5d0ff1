/** `npm run campaign -- clients`: 5 GiB there and back with each client that people have. Writes docs/evidence/clients.md. */
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningStore, startStore } from '../harness.ts'
import { type ClientName, installClients } from '../install-clients.ts'
import { firstDifference, largeBytes, mebibyte, streamOf } from '../large-object.ts'
import { type Client, outsideClient } from '../outside-clients.ts'

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
  async rclone(rclone, sent, back) {
    await rclone('mkdir', 'store:large-rclone')
    await rclone('copyto', sent, 'store:large-rclone/file')
    await rclone('copyto', 'store:large-rclone/file', back)
    await rclone('purge', 'store:large-rclone')
  },
  async s3cmd(s3cmd, sent, back) {
    await s3cmd('mb', 's3://large-s3cmd')
    await s3cmd('--no-progress', 'put', sent, 's3://large-s3cmd/file')
    await s3cmd('--no-progress', 'get', 's3://large-s3cmd/file', back)
    await s3cmd('del', '--recursive', '--force', 's3://large-s3cmd')
  },
}

/** Rejects when a client is missing or brings back anything else than what it took there; the evidence is then not written. */
export async function campaign(): Promise<void> {
  const clients = installClients()
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-large-'))
  const store = await startStore({ flags: ['--log', 'warn'] })
  try {
    const sent = join(folder, 'sent')
    await writeFile(sent, streamOf('sent', { offset: 0, bytes: largeBytes }))
    const names = Object.keys(journeys) as ClientName[] // its keys
    for (const name of names) {
      if (clients[name].version === undefined) throw new Error(clients[name].text)
      await travel(name, { store, folder, sent })
      console.log(`${name}: every byte`)
    }
    const evidence = new URL('../../docs/evidence/', import.meta.url)
    await mkdir(evidence, { recursive: true })
    const versions = names.map((name) => `| ${name} | ${clients[name].text} |`)
    await writeFile(new URL('clients.md', evidence), report(versions))
  } finally {
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

async function travel(
  name: ClientName,
  {
    store,
    folder,
    sent,
  }: { readonly store: RunningStore; readonly folder: string; readonly sent: string },
): Promise<void> {
  const back = join(folder, 'back')
  await journeys[name](outsideClient(name, store, folder), sent, back)
  const difference = await firstDifference(createReadStream(back), 'sent', largeBytes)
  if (difference !== undefined) throw new Error(`${name}: other bytes from ${difference} on`)
  await rm(back)
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
