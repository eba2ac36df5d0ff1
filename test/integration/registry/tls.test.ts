/** The registry with a certificate of its own, on the hosts of links too. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeAuthority } from '../../certificate.ts'
import { known, path, startRegistry } from './registry-server.ts'

const skip = spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed'

test('links and the registry are served by TLS with one wildcard certificate', {
  skip,
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-registry-tls-'))
  context.after(() => rm(folder, { recursive: true }))
  const authority = makeAuthority(folder)
  const { certificate, privateKey } = authority.issue('cdn')
  await using registry = await startRegistry({
    flags: ['--tls-cert', certificate, '--tls-key', privateKey],
  })
  match(registry.url, /^https:/)
  const ca = await readFile(authority.file)
  const ask = async (servername: string, target: string, form?: Buffer) => {
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const options = { host: '127.0.0.1', port: registry.port, path: target, servername, ca }
    const asked = request({
      ...options,
      checkServerIdentity: () => undefined, // Node takes no wildcard right below a top-level name
      ...(form === undefined ? {} : { method: 'POST' }),
      headers: { host: `${servername}:${registry.port}`, ...(form === undefined ? {} : headers) },
    })
    asked.end(form)
    const [response] = await once(asked, 'response')
    const pieces: Buffer[] = []
    for await (const piece of response) pieces.push(piece)
    return { status: response.statusCode, body: Buffer.concat(pieces) }
  }
  const head = Buffer.from('--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n')
  const form = Buffer.concat([head, known.manifest, Buffer.from('\r\n--b--\r\n')])
  equal((await ask('localhost', path, form)).status, 200)
  const found = await ask(`${known.hash}.localhost`, `${path}/${known.hash}`)
  deepEqual([found.status, found.body], [200, known.manifest])
})
