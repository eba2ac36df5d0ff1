/** Compiles `isal.c` against the system's ISA-L. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output } from '../one-core.ts'

export interface IsalProgram extends AsyncDisposable {
  readonly path: string
}

export async function compileIsal(): Promise<IsalProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'isal-'))
  const remove = () => rm(directory, { recursive: true })
  const path = join(directory, 'isal')
  const source = fileURLToPath(new URL('./isal.c', import.meta.url))
  try {
    await output('cc', ['-O2', source, '-lisal', '-o', path])
  } catch (cause) {
    await remove()
    const remedy = 'apt-get install libisal-dev gcc'
    throw new Error(`The baseline of this row is Intel ISA-L: ${remedy}`, { cause })
  }
  return { path, [Symbol.asyncDispose]: remove }
}
