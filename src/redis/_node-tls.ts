/** `node:tls` once somebody speaks it: loading it takes 20 ms of a processor, for nothing where servers are reached in clear. */
import { createRequire } from 'node:module'
import type * as NodeTls from 'node:tls'

const require = createRequire(import.meta.url)

export function connectTls(options: NodeTls.ConnectionOptions): NodeTls.TLSSocket {
  const tls = require('node:tls') as typeof NodeTls // which it is
  return tls.connect(options)
}
