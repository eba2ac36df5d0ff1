/** `mycelium registry` as people run it, on a free port, and what clients send to it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashOfManifest } from '#content/manifest-hash'
import { checkout, type RunningProgram, startProgram } from '../../harness.ts'

export interface RunningRegistry extends RunningProgram, AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly data: string
}

export interface RegistryOptions {
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A directory that stays; a temporary one otherwise. */
  readonly data?: string
}

export async function startRegistry({
  flags = [],
  env = {},
  data,
}: RegistryOptions = {}): Promise<RunningRegistry> {
  const directory = data ?? (await mkdtemp(join(tmpdir(), 'mycelium-registry-')))
  const running = await startProgram(
    [...checkout, 'registry', '--data', directory, '--port', '0', ...flags],
    { UV_THREADPOOL_SIZE: '16', ...env },
  )
  const url = /Address +(\S+)/.exec(running.output())?.[1] ?? ''
  return {
    ...running,
    url,
    port: Number(new URL(url).port),
    data: directory,
    async [Symbol.asyncDispose]() {
      await running.stop()
      if (data === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

export const path = '/api/v1/metadata'

/** As the uploader and browsers do. */
export async function post(
  { url }: Pick<RunningRegistry, 'url'>,
  manifest: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const form = new FormData()
  form.append('data', new Blob([Uint8Array.from(manifest)]))
  return await fetch(`${url}${path}`, { method: 'POST', body: form, headers })
}

export async function get(
  { url }: Pick<RunningRegistry, 'url'>,
  hash: string,
  init: RequestInit = {},
): Promise<Response> {
  return await fetch(`${url}${path}/${hash}`, init)
}

export async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

/** Unlike any other of another name. */
export function manifestOf(name: string, bytes = 200): Buffer {
  const text = `manifest of ${name} `
  return Buffer.from(text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes))
}

export function hashOf(manifest: Uint8Array): string {
  return hashOfManifest(manifest)
}

/** One that the uploader in Rust makes, and the hash it is found under. */
export const known = {
  hash: '5dc552b1d24828cae60ddc6e2ef19edd',
  manifest: Buffer.from(
    '518caed25148f2c4be4e33bf730437b60cecb5e6b831f336e53c7ba973b251fdd0748ac31bc892041978e3139e8be3a809ff41402e0789d43f5f03dc883bef4266d0825ec29ad530908fa21cd49771013445d2b1d0f98078ec6e93f5824728e053ab1001d85e9f98e98e32ba49e6077ee4d13815e1177d8193b682ea6b1ae35f89b02944a8ec523bd5dfa16e459c869d635fb09542138dbc60e9bb278d7e1a7f3d8f99dcccc1534ffbb14c5fb6bb6911dd71bbff8ae8d9d9ed0dbc56ac0fc9541eeebb03ebb0b09a1082d70e6be5101112131415161718191a1b',
    'hex',
  ),
} as const
