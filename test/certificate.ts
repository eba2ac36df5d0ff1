/** Certificates for tests, made by OpenSSL: an authority of their own, and what it signs. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Authority {
  /** In PEM, for clients that shall believe it. */
  readonly file: string
  /** A certificate for this machine under `NAME.pem`, its key under `NAME.key`. */
  issue(name: string): { readonly certificate: string; readonly privateKey: string }
}

/** Throws when there is no `openssl`. */
export function makeAuthority(folder: string): Authority {
  const run = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  }
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  run(
    ...['req', '-x509', ...elliptic, '-keyout', 'authority.key', '-out', 'authority.pem'],
    ...['-days', '2', '-subj', '/CN=Authority of the tests'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign'],
  )
  writeFileSync(
    join(folder, 'names.cnf'),
    'subjectAltName=DNS:localhost,DNS:*.localhost,DNS:*.links.test,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n',
  )
  return {
    file: join(folder, 'authority.pem'),
    issue(name) {
      const [certificate, privateKey] = [`${name}.pem`, `${name}.key`]
      run('req', ...elliptic, '-keyout', privateKey, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      run(
        ...['x509', '-req', '-in', `${name}.csr`, '-days', '2', '-extfile', 'names.cnf'],
        ...['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial'],
        ...['-out', certificate],
      )
      return { certificate: join(folder, certificate), privateKey: join(folder, privateKey) }
    },
  }
}
