import { deepEqual } from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildKernels } from '#erasure/build'

test('the committed kernels are what their sources compile to', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kernels-'))
  try {
    for (const product of await buildKernels(directory)) {
      const committed = fileURLToPath(new URL(`../${product}`, import.meta.url))
      deepEqual(await readFile(join(directory, product)), await readFile(committed), product)
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})
