/**
 * Whom to believe that they are the holder, over TLS: who shows the certificate that we show too (processes of one store often share
 * it, whatever names it has), and whom the authorities vouch for under the name in the holder's address. What stands above our own
 * certificate in its file counts as an authority.
 */
import type { AgentOptions } from 'node:https'
import { checkServerIdentity, getCACertificates } from 'node:tls'

/** `own` is in PEM, the certificate before those above it. */
export function trustIn(own: string | undefined): AgentOptions {
  const ours = firstOf(own ?? '')
  return {
    minVersion: 'TLSv1.3',
    ca: [...getCACertificates('default'), ...(own === undefined ? [] : [own])],
    allowPartialTrustChain: true, // ours is believed without the one above it
    checkServerIdentity: (host, certificate) =>
      ours !== undefined && certificate.raw.equals(ours)
        ? undefined
        : checkServerIdentity(host, certificate),
  }
}

/** The first certificate of a file, in DER. */
function firstOf(pem: string): Buffer | undefined {
  const [, text] = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem) ?? []
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}
