/** The certificate that a port shows: two files that somebody else renews. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { HttpServer, TlsIdentity } from '#http/server'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { type Following, follow } from '#main/follow'
import { type ListenOptions, listen, type Wish } from '#main/ports'
import type { Telemetry } from '#telemetry/telemetry'

/** Where it lies, in PEM. */
export interface CertificateFiles {
  /** With those above it, up to the one that clients know. */
  readonly certificate: string
  readonly privateKey: string
}

/** As flags name them; `undefined` when they do not. */
export function certificateOf({
  tlsCertificate,
  tlsKey,
}: {
  readonly tlsCertificate: string | undefined
  readonly tlsKey: string | undefined
}): CertificateFiles | undefined {
  if (tlsCertificate === undefined || tlsKey === undefined) return undefined
  return { certificate: tlsCertificate, privateKey: tlsKey }
}

/** In clear text without files; else with what they hold, as long as nobody has told it to stop. `main/certificate-unusable`, and the faults of `listen` */
export async function listenAs(
  files: CertificateFiles | undefined,
  options: ListenOptions,
  { wish, signal }: { readonly wish: Wish; readonly signal: AbortSignal },
): Promise<HttpServer> {
  if (files === undefined) return await listen(options, wish)
  const shown = await readIdentity(files)
  const server = await listen({ ...options, tls: shown }, wish)
  const { world, telemetry } = options
  void followIdentity(files, { server, shown, world, telemetry, signal })
  return server
}

/** `main/certificate-unusable` for what is not there, no PEM, or not of one pair. */
export async function readIdentity(files: CertificateFiles): Promise<TlsIdentity> {
  const certificate = await readPem(files.certificate)
  const privateKey = await readPem(files.privateKey)
  const shown = parse(files.certificate, () => new X509Certificate(certificate))
  const key = parse(files.privateKey, () => createPrivateKey(privateKey))
  if (!shown.checkPrivateKey(key)) {
    throw unusable(files.privateKey, `it is not the key of ${files.certificate}`)
  }
  return { certificate, privateKey }
}

/** Shows what the files hold from then on, until the signal. */
export function followIdentity(
  files: CertificateFiles,
  {
    server,
    shown,
    telemetry,
    ...until
  }: {
    readonly server: Pick<HttpServer, 'identify'>
    readonly shown: TlsIdentity
    readonly telemetry: Pick<Telemetry, 'note'>
  } & Pick<Following<TlsIdentity>, 'world' | 'signal'>,
): Promise<void> {
  return follow({
    ...until,
    read: () => readIdentity(files),
    shown,
    isSame,
    take(next) {
      server.identify(next)
      telemetry.note('info', 'certificate renewed', { path: files.certificate })
    },
    onTrouble: (reason) => telemetry.note('warn', 'certificate cannot be used', { reason }),
  })
}

function isSame(one: TlsIdentity, other: TlsIdentity): boolean {
  return one.certificate === other.certificate && one.privateKey === other.privateKey
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw unusable(path, reasonOf(cause))
  }
}

/** What OpenSSL says of a key is not told on: nothing of it shall be in a log. */
function parse<Parsed>(path: string, read: () => Parsed): Parsed {
  try {
    return read()
  } catch {
    throw unusable(path, 'it is not what it should be, in PEM and without a passphrase')
  }
}

function unusable(path: string, reason: string): Error {
  return mainFault('main/certificate-unusable', { path, reason })
}
