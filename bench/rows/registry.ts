/** Manifests of 2 KiB from a registry, on 32 connections, against a bare server answering as many bytes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startPostgres } from '../../test/postgres/server.ts'
import { startBareServer } from '../baseline/start.ts'
import { startClient } from '../client/client.ts'
import { inTurn, type Measured, type Row } from '../row.ts'

const manifestBytes = 2048
const manifests = 1_000
const requests = 20_000
const connections = 32

const onSqlite: Row = {
  name: 'registry-get',
  unit: '/s',
  better: 'higher',
  measure: () => measure({}),
}

const onPostgres: Row = {
  name: 'registry-get-pg',
  unit: '/s',
  better: 'higher',
  async measure() {
    await using server = await startPostgres()
    return await measure({ DATABASE_URL: server.url })
  },
}

/** They promise nothing: the figures are for those who choose. */
export const registryRows: readonly Row[] = [onSqlite, onPostgres]

async function measure(env: Readonly<Record<string, string>>): Promise<Measured> {
  await using client = startClient()
  await using bare = await startBareServer(manifestBytes)
  await using registry = await startRegistry(env)
  const paths = await fill(registry.port)
  const rateOf = async (port: number): Promise<number> => {
    const of = { paths, requests, bytes: manifestBytes, connections }
    const target = { port, bucket: '' }
    return requests / (await client.run({ kind: 'get-paths', target, ...of }))
  }
  return await inTurn(
    () => rateOf(registry.port),
    () => rateOf(bare.target.port),
  )
}

/** Where they are. */
async function fill(port: number): Promise<readonly string[]> {
  const paths: string[] = []
  for (let index = 0; index < manifests; index++) {
    const bytes = createHash('shake256', { outputLength: manifestBytes })
      .update(`${index}`)
      .digest()
    const form = new FormData()
    form.append('data', new Blob([Uint8Array.from(bytes)]))
    const url = `http://127.0.0.1:${port}/api/v1/metadata`
    const answer = await fetch(url, { method: 'POST', body: form })
    paths.push(answer.headers.get('location') ?? '')
  }
  return paths
}

/** Beside the sources: a real disk, where a temporary directory may be memory. */
const home = new URL('../.data/', import.meta.url).pathname
const program = new URL('../../packaging/bin/mycelium', import.meta.url).pathname

async function startRegistry(
  env: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly port: number }> {
  await mkdir(home, { recursive: true })
  const data = await mkdtemp(join(home, 'registry-'))
  const child = spawn(program, ['registry', '--data', data, '--port', '0', '--log', 'error'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return {
    port: await readPort(child),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** The program names its address when it is ready, and not before. */
async function readPort(child: ChildProcess): Promise<number> {
  let said = ''
  child.stdout?.setEncoding('utf8')
  child.stdout?.on('data', (text: string) => {
    said += text
  })
  for (;;) {
    const port = /Address +http:\/\/[^:\s]+:(\d+)\s/.exec(said)?.[1]
    if (port !== undefined) return Number(port)
    if (child.exitCode !== null) throw new Error(`mycelium registry ended: ${said}`)
    await once(child.stdout ?? child, 'data')
  }
}
