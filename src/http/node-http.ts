/**
 * `node:http` for whoever serves or asks here. An `import` of it reads every name that it has, and with the last of them comes the whole client behind
 * `fetch` and `WebSocket`: 80 ms of a processor in each thread, for nothing.
 */
import type * as NodeHttp from 'node:http'
import type * as NodeHttps from 'node:https'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const http = require('node:http') as typeof NodeHttp // which it is

export const { Agent, createServer, request, STATUS_CODES } = http

/** Of `node:https`, which brings TLS with it once somebody asks so: 25 ms more. */
export function requestHttps(
  ...args: [url: string, options: NodeHttps.RequestOptions]
): NodeHttp.ClientRequest {
  const https = require('node:https') as typeof NodeHttps // which it is
  return https.request(...args)
}
