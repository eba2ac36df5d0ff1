/** Small objects, each of bytes of its own that can be told from its number: what the load client sends and expects. */
import { createHash } from 'node:crypto'
import type { Job, Target, TimedJob } from './job.ts'
import { type Exchange, exchangeAll } from './lanes.ts'
import { sign } from './sign.ts'

type SmallJob = Extract<Job, { readonly kind: 'put-small' | 'get-small' | 'get-paths' }>

const nobody = { accessKeyId: 'nobody', secretAccessKey: 'nothing' }

/** Seconds from the first byte sent to the last received. */
export async function performSmall(job: SmallJob): Promise<number> {
  const { target, connections } = job
  const { seconds } = await exchangeAll(target.port, { connections, exchanges: exchangesOf(job) })
  return seconds
}

/** Milliseconds of each. */
export async function timePaths({
  target: { port },
  paths,
  requests,
  connections,
  token,
}: Extract<TimedJob, { kind: 'time-paths' }>): Promise<readonly number[]> {
  const head = `HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`
  const wires = paths.map((path) => Buffer.from(`GET ${path} ${head}`))
  const exchanges = Array.from({ length: requests }, (_, index) => ({
    wire: wires[index % wires.length] ?? Buffer.alloc(0),
    etag: undefined,
  }))
  return (await exchangeAll(port, { connections, exchanges })).ms
}

function exchangesOf(job: SmallJob): readonly Exchange[] {
  switch (job.kind) {
    case 'put-small':
      return putsOf(job)
    case 'get-small':
      return getsOf(job)
    case 'get-paths':
      return pathsOf(job)
  }
}

function pathsOf({
  target,
  paths,
  requests,
  bytes,
}: Extract<SmallJob, { kind: 'get-paths' }>): readonly Exchange[] {
  const wires = paths.map((path) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\n\r\n`),
  )
  return Array.from({ length: requests }, (_, index) => ({
    wire: wires[index % wires.length] ?? Buffer.alloc(0),
    etag: undefined,
    bytes,
  }))
}

function putsOf({
  target,
  first,
  objects,
  bytes,
  verify,
}: Extract<SmallJob, { kind: 'put-small' }>): readonly Exchange[] {
  return Array.from({ length: objects }, (_, index) => {
    const body = contentOf(first + index, bytes)
    const head = headOf(target, 'PUT', first + index, { 'content-length': String(bytes) })
    return {
      wire: Buffer.concat([head, body]),
      etag: verify ? md5(body) : undefined,
      bytes: 0,
    }
  })
}

function getsOf({
  target,
  objects,
  requests,
  bytes,
  verify,
}: Extract<SmallJob, { kind: 'get-small' }>): readonly Exchange[] {
  return Array.from({ length: requests }, () => {
    const name = Math.floor(Math.random() * objects)
    return {
      wire: headOf(target, 'GET', name, {}),
      etag: verify ? md5(contentOf(name, bytes)) : undefined,
      bytes,
    }
  })
}

function headOf(
  { port, bucket, credentials = nobody }: Target,
  method: string,
  name: number,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const path = `/${bucket}/small/${name}`
  const all = {
    ...headers,
    host: `127.0.0.1:${port}`,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  }
  const lines = Object.entries(sign({ method, path, headers: all }, credentials))
  const text = lines.map(([header, value]) => `${header}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${text}\r\n`)
}

/** Does not compress. */
function contentOf(name: number, bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).update(String(name)).digest()
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}
