/** The store under test: `mycelium up` as people run it, in a process and a data directory of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadClient } from './client/client.ts'
import type { Target } from './client/job.ts'
import type { Credentials } from './client/sign.ts'
import { fillTable } from './fill-table.ts'

export interface RunningStore extends AsyncDisposable {
  readonly target: Target
  readonly data: string
  readonly pid: number
  /** Stops being able to use `count` of its nodes, as if their disks had died: their directories are gone. */
  loseNodes(count: number): Promise<void>
  /** From now on everything takes one node half a second longer. Only of a store with `hasSlowNode`. */
  slowDownNode(): Promise<void>
  /** A bucket of so many empty objects, named by `keyOf`, put into the database directly. Restarts the store. */
  fillBucket(name: string, objects: number): Promise<void>
  /** Its metadata is on that PostgreSQL server from now on. Restarts the store. */
  moveTo(databaseUrl: string): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
  /** `mycelium rebuild`, after `stop`. */
  rebuild(): Promise<void>
}

export interface StoreOptions {
  readonly holdsRepair?: boolean
  readonly hasSlowNode?: boolean
}

const bucket = 'bench'
const startSecondsMax = 60
/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('.data/', import.meta.url).pathname
const program = new URL('../packaging/bin/mycelium', import.meta.url).pathname

/** A new, empty store with the bucket the rows use. Disposing of it stops it and removes its data. */
export async function startStore(
  client: LoadClient,
  options: StoreOptions = {},
): Promise<RunningStore> {
  await mkdir(home, { recursive: true })
  const data = await mkdtemp(join(home, 'store-'))
  const store = new BenchStore(client, data, options)
  try {
    await store.start()
    await client.run({ kind: 'create-bucket', target: store.target })
    return store
  } catch (cause) {
    await store[Symbol.asyncDispose]()
    throw cause
  }
}

class BenchStore implements RunningStore {
  readonly data: string
  readonly #client: LoadClient
  readonly #options: StoreOptions
  #child: ReturnType<typeof spawn> | undefined
  #target: Target | undefined
  #databaseUrl = ''

  constructor(client: LoadClient, data: string, options: StoreOptions) {
    this.#client = client
    this.data = data
    this.#options = options
  }

  get target(): Target {
    assert(this.#target)
    return this.#target
  }

  get pid(): number {
    assert(this.#child?.pid)
    return this.#child.pid
  }

  async start(): Promise<void> {
    const { holdsRepair = false, hasSlowNode = false } = this.#options
    const hooks = [
      ...(holdsRepair ? [hook('hold-repair.ts')] : []),
      ...(hasSlowNode ? [hook('../test/slow-node.ts')] : []),
    ].map((file) => `--import ${file}`)
    const flags = ['--s3-port', '0', '--http-port', '0', '--gc-at', 'off', '--log', 'error']
    const child = spawn(program, ['up', '--data', this.data, ...flags], {
      env: {
        ...process.env,
        NODE_OPTIONS: hooks.join(' '),
        SLOW_NODE_WHEN: this.#slowFile,
        DATABASE_URL: this.#databaseUrl,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const port = await readPort(child)
    const credentials = parseCredentials(await readFile(join(this.data, 'aws-credentials'), 'utf8'))
    this.#target = { port, bucket, credentials }
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.kill('SIGTERM'))
      await once(child, 'exit')
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  async rebuild(): Promise<void> {
    await this.#run('rebuild')
  }

  async moveTo(databaseUrl: string): Promise<void> {
    await this.stop()
    await this.#run('migrate-metadata', '--from', 'file', '--to', databaseUrl)
    this.#databaseUrl = databaseUrl
    await this.start()
  }

  async fillBucket(name: string, objects: number): Promise<void> {
    await this.#client.run({ kind: 'create-bucket', target: { ...this.target, bucket: name } })
    await this.stop()
    fillTable(join(this.data, 'metadata.sqlite'), { bucket: name, objects })
    await this.start()
  }

  async slowDownNode(): Promise<void> {
    await writeFile(this.#slowFile, '')
  }

  async loseNodes(count: number): Promise<void> {
    const nodes = join(this.data, 'nodes')
    const names = (await readdir(nodes)).sort().slice(0, count)
    if (names.length < count) throw new Error(`only ${names.length} node directories to remove`)
    for (const name of names) await rm(join(nodes, name), { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.data, { recursive: true, force: true })
  }

  async #run(command: string, ...flags: readonly string[]): Promise<void> {
    const child = spawn(program, [command, '--data', this.data, ...flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`mycelium ${command} ended with code ${code}`)
  }

  get #slowFile(): string {
    return join(this.data, 'slow')
  }
}

function hook(name: string): string {
  return new URL(name, import.meta.url).href
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
