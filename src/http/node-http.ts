/**
 * `node:http` for whoever serves or asks here. An `import` of it reads every name that it has, and with the last of them comes the whole client behind
 * `fetch` and `WebSocket`: 80 ms of a processor in each thread, for nothing.
 */
import type * as NodeHttp from 'node:http'
import { createRequire } from 'node:module'

const http = createRequire(import.meta.url)('node:http') as typeof NodeHttp // which it is

export const { Agent, createServer, request, STATUS_CODES } = http
