/**
 * What node:http alone can do on this machine: reads and discards every body it is sent, and answers a GET with `BYTES` bytes from memory.
 * No hash, no disk, no signature. The ceiling the rows are measured against. Tells its port over IPC.
 */
import { createServer } from 'node:http'

const body = Buffer.alloc(Number(process.argv[2]), 'mycelium')

const server = createServer((request, response) => {
  request.on('data', () => {})
  request.on('end', () => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-length': body.length }).end(body)
    } else {
      response.writeHead(200, { 'content-length': 0 }).end()
    }
  })
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.({ port: address?.port })
})
process.on('disconnect', () => process.exit())
