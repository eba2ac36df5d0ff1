/** The checksums that S3's clients send, each over 64 MiB in memory, against copying them. */
import { type DigestAlgorithm, openDigest } from '#crypto/digest'
import { inTurn, type Row } from '../row.ts'

const bytes = new Uint8Array(64 * 2 ** 20).map((_, index) => Math.imul(index, 2654435761) >>> 13)
const target = new Uint8Array(bytes.length)
const rounds = 4

/** The first is what SDKs send by default, and the row's name in short. */
export const crcRows: readonly Row[] = (
  [
    ['crc', 'crc32'],
    ['crc-crc32c', 'crc32c'],
    ['crc-crc64nvme', 'crc64nvme'],
    ['crc-sha256', 'sha256'],
  ] as const
).map(([name, algorithm]) => ({
  name,
  unit: 'MiB/s',
  better: 'higher',
  measure: () =>
    inTurn(
      async () => rateOf(() => digest(algorithm)),
      async () => rateOf(copy),
    ),
}))

function digest(algorithm: DigestAlgorithm): void {
  const open = openDigest(algorithm)
  open.update(bytes)
  open.digest()
}

function copy(): void {
  target.set(bytes)
}

function rateOf(work: () => void): number {
  const startedAt = performance.now()
  for (let round = 0; round < rounds; round += 1) work()
  const seconds = (performance.now() - startedAt) / 1000
  return (rounds * bytes.length) / 2 ** 20 / seconds
}
