import { equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newProgress, renderProgress } from '#cli/progress'
import { printSeconds, printSize } from '#cli/units'

const mebibyte = 2 ** 20

test('a file: bar, share, bytes, rate and what is left of the time', () => {
  const progress = newProgress('big.bin', { bytesTotal: 200 * mebibyte })
  progress.bytesKept = 20 * mebibyte
  progress.bytesMoved = 30 * mebibyte
  equal(
    renderProgress(progress, 10 * mebibyte, 100),
    'big.bin [████████░░░░░░░░░░░░░░░░░░░░░░]  25%  50.00 MB of 200.00 MB  10.00 MB/s  15s left',
  )
})

test('a directory counts files too; what nobody knows the end of has no bar', () => {
  const tree = newProgress('tree', { bytesTotal: 100, filesTotal: 7 })
  tree.filesDone = 3
  match(
    renderProgress(tree, 0, 100),
    /^tree \[░+\] {3}0% {2}3\/7 files {2}0 B of 100 B .* waiting$/,
  )
  match(renderProgress(newProgress('-'), 1024, 80), /^- {2}0 B {2}1\.00 KB\/s$/)
})

test('a line never reaches the edge, where terminals would break it', () =>
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }),
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 0, max: 2 ** 50 }),
      fc.integer({ min: 0, max: 2 ** 50 }),
      (label, columns, bytesTotal, bytesMoved) => {
        const progress = newProgress(label, { bytesTotal, filesTotal: 12_345 })
        progress.bytesMoved = bytesMoved
        ok(renderProgress(progress, 1234, columns).length < columns)
      },
    ),
  ))

test('sizes count 1,024 and have two decimals; times are short', () => {
  equal(printSize(0), '0 B')
  equal(printSize(1023), '1023 B')
  equal(printSize(1536), '1.50 KB')
  equal(printSize(mebibyte - 1), '1.00 MB')
  equal(printSize(5 * 2 ** 40), '5.00 TB')
  equal(printSeconds(7.2), '8s')
  equal(printSeconds(185), '3m05s')
  equal(printSeconds(7_800), '2h10m')
})
