/** The least that an upload is: `cdn-floor.ts` starts it. Arguments: a file of a GiB, and the ports of five Redis servers. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { contentHashOf, sealBlock } from '#content/seal'
import { coderBytes, roomBehind, ShardCoder } from '#content/shards'
import { Blake3 } from '#crypto/blake3'
import { kernelModule } from '#erasure/kernel-module'
import { blockBytes, chunkBytes, coding, fileBytes, shardBytes } from '../cdn-sizes.ts'

const slotBytes = Math.ceil((blockBytes + roomBehind(blockBytes, coding)) / 64) * 64
const slots = 8
const blocks = Math.floor(fileBytes / chunkBytes)
const pageBytes = 65536
const okBytes = '+OK\r\n'.length

if (!isMainThread)
  sealAll(workerData as WebAssembly.Memory) // as `upload` gives it
else await upload(process.argv[2] ?? '', process.argv.slice(3).map(Number))

function slotAt(slot: number): number {
  return coderBytes + slot * slotBytes
}

/** The other thread. */
function sealAll(memory: WebAssembly.Memory): void {
  const coder = new ShardCoder(kernelModule, { memory, offset: 0 })
  const nonce = new Uint8Array(12)
  parentPort?.on('message', (slot: number) => {
    const block = new Uint8Array(memory.buffer, slotAt(slot), blockBytes)
    const room = new Uint8Array(
      memory.buffer,
      slotAt(slot) + blockBytes,
      roomBehind(blockBytes, coding),
    )
    const key = contentHashOf(block.subarray(0, chunkBytes))
    sealBlock(block, { key, nonce })
    coder.splitBlock(block, coding, { room })
    parentPort?.postMessage(slot)
  })
}

async function upload(path: string, ports: readonly number[]): Promise<void> {
  const pages = Math.ceil(slotAt(slots) / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const worker = new Worker(new URL(import.meta.url), { workerData: memory })
  const sockets = await Promise.all(ports.map(connected))
  const whole = new Blake3()
  const free = Array.from({ length: slots }, (_, slot) => slot)
  let wake = (): void => {}
  let sent = 0
  const waiting = sockets.map((): number[] => [])
  const missing = new Map<number, number>()
  const stored = (slot: number): void => {
    const left = (missing.get(slot) ?? 0) - 1
    missing.set(slot, left)
    if (left > 0) return
    free.push(slot)
    wake()
  }
  worker.on('message', (slot: number) => {
    missing.set(slot, coding.total)
    for (const [index, socket] of sockets.entries()) {
      const key = `floor-${String(sent).padStart(10, '0')}`
      const shard = new Uint8Array(memory.buffer, slotAt(slot) + index * shardBytes, shardBytes)
      waiting[index]?.push(slot)
      socket.cork()
      socket.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${shardBytes}\r\n`)
      socket.write(shard)
      socket.write('\r\n')
      socket.uncork()
    }
    sent += 1
  })
  for (const [index, socket] of sockets.entries()) {
    let bytes = 0
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length
      for (; bytes >= okBytes; bytes -= okBytes) {
        const slot = waiting[index]?.shift()
        assert(slot !== undefined)
        stored(slot)
      }
    })
  }
  const roomy = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    await promise
  }
  await using file = await open(path)
  for (let block = 0; block < blocks; block += 1) {
    while (free.length === 0) await roomy()
    const slot = free.pop()
    assert(slot !== undefined)
    const plain = new Uint8Array(memory.buffer, slotAt(slot), chunkBytes)
    const { bytesRead } = await file.read(plain, 0, chunkBytes, block * chunkBytes)
    assert(bytesRead === chunkBytes)
    whole.update(plain)
    worker.postMessage(slot)
  }
  while (free.length < slots) await roomy()
  whole.digest()
  process.exit(0)
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  return socket
}
