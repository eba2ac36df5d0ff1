/** The certificate that the S3 port shows: two files that somebody else renews, looked at again and again. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { HttpServer, TlsIdentity } from '#http/server'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { type ListenOptions, listen, type Wish } from '#main/ports'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

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

/** How often the files are read again. */
const lookMs = 5_000

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
async function readIdentity(files: CertificateFiles): Promise<TlsIdentity> {
  const certificate = await readPem(files.certificate)
  const privateKey = await readPem(files.privateKey)
  const shown = parse(files.certificate, () => new X509Certificate(certificate))
  const key = parse(files.privateKey, () => createPrivateKey(privateKey))
  if (!shown.checkPrivateKey(key)) {
    throw unusable(files.privateKey, `it is not the key of ${files.certificate}`)
  }
  return { certificate, privateKey }
}

/** Shows what the files hold from then on, until the signal. While they are no pair, as in the middle of a renewal, what was shown before stays. */
async function followIdentity(
  files: CertificateFiles,
  {
    server,
    shown,
    world,
    telemetry,
    signal,
  }: {
    readonly server: Pick<HttpServer, 'identify'>
    readonly shown: TlsIdentity
    readonly world: World
    readonly telemetry: Pick<Telemetry, 'note'>
    readonly signal: AbortSignal
  },
): Promise<void> {
  let last = shown
  let trouble = ''
  while (!signal.aborted) {
    await world.sleep(lookMs, { signal }).catch(() => {}) // aborted: the loop's condition sees it
    if (signal.aborted) return
    try {
      const next = await readIdentity(files)
      trouble = ''
      if (isSame(next, last)) continue
      server.identify(next)
      last = next
      telemetry.note('info', 'certificate renewed', { path: files.certificate })
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== trouble) telemetry.note('warn', 'certificate cannot be used', { reason })
      trouble = reason
    }
  }
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
