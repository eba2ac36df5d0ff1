/**
 * The load client: a process of its own on node:http, told over IPC what to send. It stays for a whole row, so that every round finds
 * warm code and warm connections on its side.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type Body, type Framing, makeBody } from './body.ts'
import { type Answer, type Job, keyOf, type Target, type TimedJob } from './job.ts'
import { sign } from './sign.ts'
import { performSmall, timePaths } from './small.ts'

/** One write to the socket. Smaller costs calls, larger costs nothing and gains nothing. */
const pieceBytes = 1 << 20

/** Requests of S3. */
type ObjectJob = Exclude<TimedJob, { readonly kind: 'time-paths' }>

const agent = new Agent({ keepAlive: true })
const bodies = new Map<string, Body>()
const nobody = { accessKeyId: 'nobody', secretAccessKey: 'nothing' }

process.on('message', async (job: Job | TimedJob) => {
  try {
    if (isTimed(job)) answer({ state: 'timed', ms: await timeEach(job) })
    else answer({ state: 'done', seconds: await perform(job) })
  } catch (error) {
    answer({ state: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
})

function answer(message: Answer): void {
  process.send?.(message)
}

function isTimed(job: Job | TimedJob): job is TimedJob {
  return job.kind.startsWith('time-')
}

async function timeEach(job: TimedJob): Promise<readonly number[]> {
  if (job.kind === 'time-paths') return await timePaths(job)
  const ms: number[] = []
  const numbers = Array.from({ length: job.requests }, (_, number) => number).values()
  const lane = async (): Promise<void> => {
    for (const number of numbers) {
      const startedAt = performance.now()
      await askOnce(job, number)
      ms.push(performance.now() - startedAt)
    }
  }
  const lanes = job.kind === 'time-lists' ? 1 : job.connections
  await Promise.all(Array.from({ length: lanes }, lane))
  return ms
}

async function askOnce(job: ObjectJob, number: number): Promise<void> {
  const { target, objects } = job
  switch (job.kind) {
    case 'time-puts': {
      const body = bodyOf(job.bytes, 'signed-header')
      return await put(target, number % objects, { body, verify: true })
    }
    case 'time-gets':
      return await get(target, number % objects, { bytes: job.bytes, sha256: undefined })
    case 'time-lists':
      return await list(target, Math.floor(Math.random() * (objects - 1_000)))
  }
}

/** The page behind the key of that number. */
async function list(target: Target, number: number): Promise<void> {
  const query = `list-type=2&max-keys=1000&start-after=${encodeURIComponent(keyOf(number))}`
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const sent = open(target, 'GET', `/${target.bucket}`, headers, query)
  sent.end()
  const { status, text } = await readText(await responseTo(sent))
  const keys = text.split('<Key>').length - 1
  if (status !== 200 || keys !== 1_000) throw new Error(`a list of ${keys} keys: ${status}`)
}

async function perform(job: Job): Promise<number> {
  if (job.kind === 'create-bucket') {
    await createBucket(job.target)
    return 0
  }
  if (job.kind === 'put-small' || job.kind === 'get-small' || job.kind === 'get-paths')
    return await performSmall(job)
  // Made before the clock starts.
  const body = bodyOf(job.bytes, job.kind === 'put' ? job.framing : 'signed-header')
  const one = (key: number): Promise<void> =>
    job.kind === 'put'
      ? put(job.target, key, { body, verify: job.verify })
      : get(job.target, key, { bytes: job.bytes, sha256: job.verify ? body.sha256 : undefined })

  const startedAt = performance.now()
  const keys = Array.from({ length: job.objects }, (_, key) => key).values()
  const lane = async (): Promise<void> => {
    for (const key of keys) await one(key)
  }
  await Promise.all(Array.from({ length: job.connections }, lane))
  return (performance.now() - startedAt) / 1000
}

function bodyOf(bytes: number, framing: Framing): Body {
  const name = `${bytes} ${framing}`
  const body = bodies.get(name) ?? makeBody(bytes, framing)
  bodies.set(name, body)
  return body
}

async function createBucket(target: Target): Promise<void> {
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': '0' }
  const sent = open(target, 'PUT', `/${target.bucket}`, headers)
  sent.end()
  const { status, text } = await readText(await responseTo(sent))
  if (status !== 200) throw new Error(`creating the bucket: ${status} ${text}`)
}

async function put(
  target: Target,
  key: number,
  { body, verify }: { readonly body: Body; readonly verify: boolean },
): Promise<void> {
  const sent = open(target, 'PUT', `/${target.bucket}/${key}`, body.headers)
  const response = responseTo(sent)
  await Promise.race([sendPieces(sent, body.wire), response]) // an early answer is a refusal
  const { status, etag, text } = await readText(await response)
  if (status !== 200) throw new Error(`PUT ${key}: ${status} ${text}`)
  if (verify && etag !== `"${body.md5}"`) throw new Error(`PUT ${key}: ETag ${etag}`)
}

async function sendPieces(sent: ClientRequest, wire: Buffer): Promise<void> {
  for (let offset = 0; offset < wire.length; offset += pieceBytes) {
    if (!sent.write(wire.subarray(offset, offset + pieceBytes))) await once(sent, 'drain')
  }
  sent.end()
}

async function get(
  target: Target,
  key: number,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string | undefined },
): Promise<void> {
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const sent = open(target, 'GET', `/${target.bucket}/${key}`, headers)
  sent.end()
  const response = await responseTo(sent)
  if (response.statusCode !== 200) {
    const { status, text } = await readText(response)
    throw new Error(`GET ${key}: ${status} ${text}`)
  }
  const hash = sha256 === undefined ? undefined : createHash('sha256')
  let received = 0
  response.on('data', (piece: Buffer) => {
    received += piece.length
    hash?.update(piece)
  })
  await once(response, 'end')
  if (received !== bytes) throw new Error(`GET ${key}: ${received} of ${bytes} bytes`)
  if (hash?.digest('hex') !== sha256) throw new Error(`GET ${key}: other bytes than were written`)
}

function open(
  { port, credentials = nobody }: Target,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  query = '',
): ClientRequest {
  const host = `127.0.0.1:${port}`
  const signed = sign({ method, path, query, headers: { ...headers, host } }, credentials)
  const whole = query === '' ? path : `${path}?${query}`
  return request({ agent, host: '127.0.0.1', port, method, path: whole, headers: signed })
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(sent, 'response')
  return response
}

async function readText(
  response: IncomingMessage,
): Promise<{ readonly status: number; readonly etag: string | undefined; readonly text: string }> {
  response.setEncoding('utf8')
  let text = ''
  for await (const piece of response) text += piece
  return { status: response.statusCode ?? 0, etag: response.headers.etag, text }
}
