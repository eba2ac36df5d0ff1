/** The store under test: `mycelium up` as people run it, in a process and a data directory of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadClient } from './client/client.ts'
import type { Target } from './client/job.ts'
import type { Credentials } from './client/sign.ts'

export interface RunningStore extends AsyncDisposable {
  readonly target: Target
  /** Stops being able to use `count` of its nodes, as if their disks had died: their directories are gone. */
  loseNodes(count: number): Promise<void>
}

const bucket = 'bench'
const startSecondsMax = 30
/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('.data/', import.meta.url).pathname
const program = new URL('../src/main/mycelium.ts', import.meta.url).pathname

/** A new, empty store with the bucket the rows use. Disposing of it stops it and removes its data. */
export async function startStore(
  client: LoadClient,
  { holdsRepair = false }: { readonly holdsRepair?: boolean } = {},
): Promise<RunningStore> {
  await mkdir(home, { recursive: true })
  const data = await mkdtemp(join(home, 'store-'))
  const ports = ['--s3-port', '0', '--http-port', '0']
  const hooks = holdsRepair ? ['--import', new URL('hold-repair.ts', import.meta.url).href] : []
  const args = [
    ...hooks,
    program,
    'up',
    '--data',
    data,
    ...ports,
    '--gc-at',
    'off',
    '--log',
    'error',
  ]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, UV_THREADPOOL_SIZE: '32' }, // as `npm start` sets it
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    await rm(data, { recursive: true, force: true })
  }
  try {
    const port = await readPort(child)
    const credentials = parseCredentials(await readFile(join(data, 'aws-credentials'), 'utf8'))
    const target = { port, bucket, credentials }
    await client.run({ kind: 'create-bucket', target })
    return {
      target,
      loseNodes: (count) => removeNodes(join(data, 'nodes'), count),
      [Symbol.asyncDispose]: stop,
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** The banner names the endpoint when the store is ready, and not before. */
async function readPort(child: ReturnType<typeof spawn>): Promise<number> {
  const signal = AbortSignal.timeout(startSecondsMax * 1000)
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`mycelium up ended with code ${code}`)
  })
  return Promise.race([ended, bannerPort(child, signal)])
}

async function bannerPort(child: ReturnType<typeof spawn>, signal: AbortSignal): Promise<number> {
  assert(child.stdout)
  child.stdout.setEncoding('utf8')
  let banner = ''
  for (;;) {
    const [text] = await once(child.stdout, 'data', { signal })
    banner += text
    const port = /S3 endpoint\s+http:\/\/[^:\s]+:(\d+)\s/.exec(banner)?.[1]
    if (port === undefined) continue
    child.stdout.resume() // a full pipe would stop it
    return Number(port)
  }
}

function parseCredentials(text: string): Credentials {
  const find = (name: string): string => {
    const value = new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1]
    if (value === undefined) throw new Error(`aws-credentials has no ${name}`)
    return value
  }
  return {
    accessKeyId: find('aws_access_key_id'),
    secretAccessKey: find('aws_secret_access_key'),
  }
}

async function removeNodes(nodes: string, count: number): Promise<void> {
  const names = (await readdir(nodes)).sort().slice(0, count)
  if (names.length < count) throw new Error(`only ${names.length} node directories to remove`)
  for (const name of names) await rm(join(nodes, name), { recursive: true })
}
