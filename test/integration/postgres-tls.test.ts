/** TLS to a real PostgreSQL server: encrypted, signed by who we trust, made out to the name we asked for; or nothing. */
import { equal, match, rejects } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { isFault } from '#fault/fault'
import { openPostgres } from '#sql/postgres'
import type { Sql } from '#sql/sql'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { findPostgres, startPostgres } from '../postgres/server.ts'

const run = promisify(execFile)
const directory = await mkdtemp(join(tmpdir(), 'mycelium-tls-'))
after(() => rm(directory, { recursive: true, force: true }))
const path = (name: string): string => join(directory, name)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

async function makeAuthority(name: string): Promise<void> {
  const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)]
  await run('openssl', ['req', '-x509', ...newKey, ...files, '-subj', `/CN=${name}`, '-days', '2'])
}

/** Made out to `localhost`, and to no address. */
async function makeCertificate(): Promise<void> {
  const files = ['-keyout', path('server.key'), '-out', path('server.csr')]
  await run('openssl', ['req', ...newKey, ...files, '-subj', '/CN=localhost'])
  await writeFile(path('names'), 'subjectAltName=DNS:localhost\n')
  const signer = ['-CA', path('ours.crt'), '-CAkey', path('ours.key'), '-CAcreateserial']
  const request = ['-req', '-in', path('server.csr'), '-extfile', path('names'), '-days', '2']
  await run('openssl', ['x509', ...request, ...signer, '-out', path('server.crt')])
}

const hasTools =
  (await findPostgres()) !== undefined &&
  (await run('openssl', ['version']).then(
    () => true,
    () => false,
  ))

describe('TLS to the database', {
  skip: !hasTools && 'no PostgreSQL server to start, or no openssl',
}, () => {
  const open = (address: string): Promise<Sql> =>
    openPostgres({
      address,
      holder: { place: 'here', program: 'a test' },
      world: systemWorld(),
      telemetry,
    })

  test('verify-full means encrypted, trusted, and the right name', async () => {
    await makeAuthority('ours')
    await makeAuthority('theirs')
    await makeCertificate()
    await using server = await startPostgres({
      settings: ['ssl=on', 'ssl_cert_file=server.crt', 'ssl_key_file=server.key'],
      files: {
        'server.crt': await readFile(path('server.crt'), 'utf8'),
        'server.key': await readFile(path('server.key'), 'utf8'),
      },
    })
    const address = (host: string, rest: string): string =>
      `postgres://mycelium@${host}:${server.port}/postgres?sslmode=verify-full${rest}`
    const ours = `&sslrootcert=${path('ours.crt')}`
    const sql = await open(address('localhost', ours))
    const [row] = await sql.query`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
    equal(row?.['ssl'], 1)
    await sql.close()
    for (const [wrong, reason] of [
      [address('127.0.0.1', ours), /does not match|altnames|IP/i],
      [address('localhost', ''), /certificate/i],
      [address('localhost', `&sslrootcert=${path('theirs.crt')}`), /certificate/i],
    ] as const)
      await rejects(open(wrong), (error) => {
        equal(isFault(error, 'sql/unavailable'), true)
        match(String(error), reason)
        return true
      })
    const missing = address('localhost', `&sslrootcert=${path('missing.crt')}`)
    await rejects(open(missing), (error) => isFault(error, 'sql/malformed-address'))
  })

  test('a server that does not encrypt is not spoken to', async () => {
    await using server = await startPostgres()
    const address = `postgres://mycelium@127.0.0.1:${server.port}/postgres?sslmode=verify-full`
    await rejects(
      open(address),
      (error) => isFault(error, 'sql/unavailable') && /SSL/.test(error.message),
    )
  })
})
