/** Whom a process believes over TLS that they are the holder. */
import { equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { PeerCertificate } from 'node:tls'
import { Forwarder } from '#forward/forwarder'
import { trustIn } from '#forward/trust'
import { openHttpServer } from '#http/server'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { makeAuthority } from '../../test/certificate.ts'

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
const folder = mkdtempSync(join(tmpdir(), 'mycelium-trust-'))
after(() => rmSync(folder, { recursive: true }))

const read = (path: string): string => readFileSync(path, 'utf8')

test('the holder shows what we show, or what an authority vouches for; nobody else is told anything', {
  skip,
}, async () => {
  const world = systemWorld()
  const authority = makeAuthority(folder)
  const issued = authority.issue('holder')
  const shown = read(issued.certificate)
  let asked = 0
  await using holder = await openHttpServer({
    ...{ host: '127.0.0.1', port: 0, world, telemetry },
    tls: { certificate: shown, privateKey: read(issued.privateKey) },
    handler: async () => {
      asked += 1
      return { status: 200, headers: {}, body: 'served' }
    },
    refusal: () => ({ status: 400, headers: {} }),
  })
  const askAs = async (own: string | undefined): Promise<string> => {
    const forwarder = new Forwarder({
      refuse: (error) => ({ status: 503, headers: {}, body: String(error) }),
      certificate: () => own,
      world,
    })
    await using server = await openHttpServer({
      ...{ host: '127.0.0.1', port: 0, world, telemetry },
      handler: forwarder.handle,
      refusal: () => ({ status: 400, headers: {} }),
    })
    const address = `https://127.0.0.1:${holder.port}`
    forwarder.follow({ token: 1, address, pass: 'between us' })
    forwarder.close() // nobody who is not believed is waited for
    const answer = await fetch(`http://127.0.0.1:${server.port}/`)
    return await answer.text()
  }
  equal(await askAs(shown), 'served')
  const other = read(authority.issue('other').certificate)
  match(await askAs(other), /forward\/no-holder/, 'of the same authority, which is nobody to us')
  equal(await askAs(other + read(authority.file)), 'served', 'it stands above our own')
  match(await askAs(undefined), /forward\/no-holder/)
  equal(asked, 2)
})

test('our own certificate is believed under any name, others under theirs', { skip }, () => {
  const authority = makeAuthority(folder)
  const { certificate } = authority.issue('ours')
  const { checkServerIdentity } = trustIn(read(certificate))
  const seen = (path: string) => {
    const { raw, subjectAltName: subjectaltname = '' } = new X509Certificate(read(path))
    return { raw, subjectaltname, subject: {} } as unknown as PeerCertificate // what a connection shows, as far as it is looked at
  }
  equal(checkServerIdentity?.('10.0.0.5', seen(certificate)), undefined)
  const other = seen(authority.issue('theirs').certificate)
  equal(checkServerIdentity?.('127.0.0.1', other), undefined)
  match(String(checkServerIdentity?.('10.0.0.5', other)), /does not match/)
})
