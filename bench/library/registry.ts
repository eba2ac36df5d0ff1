/** `mycelium libraries` as people run it, in a process of its own, without limits on requests, and somebody who has signed in there. */
import { join } from 'node:path'
import { checkout, startProgram } from '../../test/harness.ts'

export interface BenchRegistry {
  readonly port: number
  /** Of the API. */
  readonly url: string
  /** Of the administrator `bench`. */
  readonly token: string
}

const password = 'four words nobody says'

/** Its data, and unless another database is named its database, are in `directory`. It is stopped with `stack`. */
export async function startRegistry(
  directory: string,
  {
    databaseUrl,
    stack,
  }: { readonly databaseUrl?: string | undefined; readonly stack: AsyncDisposableStack },
): Promise<BenchRegistry> {
  const data = join(directory, 'ours')
  const program = await startProgram([...checkout, 'libraries', '--data', data], {
    DATABASE_URL: databaseUrl ?? `sqlite://${join(data, 'registry.sqlite')}`,
    ...{ ADMIN_USERNAME: 'bench', ADMIN_EMAIL: 'bench@example.org', ADMIN_PASSWORD: password },
    ...{
      RATE_LIMIT_ANON: 'off',
      RATE_LIMIT_AUTH: 'off',
      RATE_LIMIT_SEARCH: 'off/off',
      RATE_LIMIT_DOWNLOAD: 'off/off',
      RATE_LIMIT_PUBLISH: 'off/off',
    },
    ...{ QUOTA_BYTES: 'off', QUOTA_LIBRARIES: 'off', RATE_LIMIT_PUBLISH_PER_DAY: 'off' },
    ...{ LOG_LEVEL: 'error', MYCELIUM_AUDIT: 'off', REGISTRY_PORT: '0' },
  })
  stack.defer(async () => void (await program.stop()))
  const [, origin = ''] = /Address +(\S+)/.exec(program.output()) ?? []
  const url = `${origin}/api/v1`
  const login = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'bench', password }),
  })
  const { token } = JSON.parse(await login.text())
  return { port: Number(new URL(origin).port), url, token }
}

/** Of `@bench/NAME`. */
export interface Publication {
  readonly name: string
  readonly version: string
  readonly archive: Buffer
}

/** For everybody to read. */
export async function publish(
  { url, token }: BenchRegistry,
  { name, version, archive }: Publication,
): Promise<void> {
  const query = '?visibility=public&confirm_public=true'
  const response = await fetch(`${url}/libraries/bench/${name}/${version}${query}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip' },
    body: Uint8Array.from(archive),
  })
  const text = await response.text()
  if (response.status !== 201) throw new Error(`${response.status}: ${text}`)
}
