import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import type { Disk } from '#disk/disk'
import { openRealDisk } from '#disk/real'
import { SimulatedDisk } from '#disk/simulated'
import { directoryArchives } from '#library/directory-archives'
import { openObjectArchives } from '#library/object-archives'
import { s3Archives } from '#library/s3-archives'
import { parseBucketName } from '#object/names'
import { openEndpoint } from '#s3/endpoint'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'
import type { World } from '#world/world'
import { startStore } from '../harness.ts'
import { openMemoryStore } from '../memory-store.ts'
import { clientOf } from '../sdk.ts'
import { archiveStoreContract, type WithArchives } from './archive-store.contract.ts'

const system = systemWorld()

async function withDirectory(body: (disk: Disk) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-archives-'))
  try {
    await body(openRealDisk(root))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const inDirectory = (disk: Disk, world: World) =>
  directoryArchives({ disk, name: 'a directory', world })

const onRealDisk: WithArchives = (body) => withDirectory((disk) => body(inDirectory(disk, system)))

const onSimulatedDisk: WithArchives = (body) => {
  const world = new SimulatedWorld('archives')
  return world.run(() => body(inDirectory(new SimulatedDisk({ world: world.fork('disk') }), world)))
}

const asObjects: WithArchives = async (body) => {
  await using store = await openMemoryStore({ profile: { data: 2, parity: 1 }, nodes: 3 })
  const bucket = parseBucketName('mycelium-libraries')
  await body(await openObjectArchives({ objects: store.objects, bucket, world: system }))
}

const server = await startStore({ flags: ['--profile', '2+1', '--nodes', '3'] })
after(() => server[Symbol.asyncDispose]())
let buckets = 0

const inS3: WithArchives = async (body) => {
  buckets += 1
  const bucket = `archives-${buckets}`
  const client = clientOf(server)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  const { s3Url: url, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  using endpoint = openEndpoint({ url, region: 'us-east-1', credentials, world: system })
  await withDirectory((spoolDisk) =>
    body(s3Archives({ endpoint, bucket, prefix: 'libraries/', spoolDisk, world: system })),
  )
}

archiveStoreContract('archives in a directory', onRealDisk)
archiveStoreContract('archives in a directory of a simulated disk', onSimulatedDisk)
archiveStoreContract('archives as objects', asObjects)
archiveStoreContract('archives in a bucket of an S3', inS3)
