/** The launcher picks the program and its Node, and becomes it. Here with a Node that only says what it is told: quick, and no network. */
import { equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exitCodes } from '#main/exit-codes'
import { version } from '#main/version'
import { cleanEnvironment } from '../harness.ts'

const checkout = join(import.meta.dirname, '../..')

/** The launchers in a package of their own, whose name has a blank. */
async function plant(context: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'mycelium launcher-'))
  context.after(() => rm(root, { recursive: true, force: true }))
  for (const path of ['package.json', 'packaging/bin']) {
    await cp(join(checkout, path), join(root, 'package', path), { recursive: true })
  }
  return root
}

async function plantScript(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
}

async function plantNode(packages: string, answer: string): Promise<void> {
  await mkdir(join(packages, 'node'), { recursive: true })
  await writeFile(join(packages, 'node/package.json'), '{}')
  await plantScript(join(packages, 'node/bin/node'), answer)
}

function launch(root: string, { path = [], env = {} }: { path?: string[]; env?: object } = {}) {
  const PATH = [...path, '/usr/bin', '/bin'].join(':')
  const { status, stdout, stderr } = spawnSync(
    join(root, 'package/packaging/bin/mycelium'),
    ['up', '--data', 'a b', ''],
    { env: { ...cleanEnvironment(), PATH, ...env }, encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

test('arguments, exit code and streams are those of the program', async (context) => {
  const root = await plant(context)
  await plantNode(
    join(root, 'package/node_modules'),
    'printf "<%s>" "$@"; echo "$UV_THREADPOOL_SIZE" >&2; exit 42',
  )
  const { status, stdout, stderr } = launch(root)
  equal(status, 42)
  equal(
    stdout,
    `<--max-semi-space-size=8><--require><${root}/package/dist/main/own-modules.js><${root}/package/dist/main/mycelium.js><up><--data><a b><>`,
  )
  equal(stderr, '32\n')
  equal(launch(root, { env: { UV_THREADPOOL_SIZE: '64' } }).stderr, '64\n')
})

test('the nearest node package counts, and sources win over what was emitted', async (context) => {
  const root = await plant(context)
  await plantNode(join(root, 'node_modules'), 'echo beside "$4"')
  equal(launch(root).stdout, `beside ${root}/package/dist/main/mycelium.js\n`)
  await plantNode(join(root, 'package/node_modules'), 'echo below "$5"') // behind a warning that sources do without
  await plantScript(join(root, 'package/src/main/mycelium.ts'), '')
  equal(launch(root).stdout, `below ${root}/package/src/main/mycelium.ts\n`)
})

test('without the node package, one on the path is used if it is new enough', async (context) => {
  const root = await plant(context)
  await plantScript(join(root, 'new/node'), '[ "$1" = --version ] && echo v27.0.0 || echo "$5"')
  equal(launch(root, { path: [join(root, 'new')] }).stdout, 'up\n')
  await plantScript(join(root, 'old/node'), 'echo v20.20.2')
  const { status, stdout, stderr } = launch(root, { path: [join(root, 'old')] })
  equal(status, exitCodes.platform)
  equal(stdout, '')
  match(stderr, /^mycelium: Node\.js 26 is not here\. .*--allow-scripts=node.*\n$/)
})

test('a system that is not supported is refused with a sentence', async (context) => {
  const root = await plant(context)
  await plantScript(join(root, 'windows/uname'), 'echo MINGW64_NT-10.0-19045')
  const { status, stderr } = launch(root, { path: [join(root, 'windows')] })
  equal(status, exitCodes.platform)
  equal(stderr, 'mycelium: This system is not supported. Use Linux; on Windows, WSL is one.\n')
})

test('it passes on what to paste: its name where the path leads to it, else how it was called', async (context) => {
  const root = await plant(context)
  await plantNode(join(root, 'node_modules'), 'echo "$MYCELIUM_INVOKED_AS"')
  const launcher = join(root, 'package/packaging/bin/mycelium')
  equal(launch(root).stdout, `${launcher}\n`)
  await mkdir(join(root, 'bin'))
  await symlink(launcher, join(root, 'bin/mycelium'))
  equal(launch(root, { path: [join(root, 'bin')] }).stdout, 'mycelium\n')
  await plantScript(join(root, 'other/mycelium'), 'echo a program of the same name')
  equal(launch(root, { path: [join(root, 'other')] }).stdout, `${launcher}\n`)
})

test('a checkout runs its sources without a build', () => {
  const launcher = join(checkout, 'packaging/bin/mycelium')
  const env = { ...cleanEnvironment(), PATH: '/usr/bin:/bin' }
  const { status, stdout, stderr } = spawnSync(launcher, ['--version'], { env, encoding: 'utf8' })
  equal(stderr, '')
  equal(stdout, `${version}\n`)
  equal(status, 0)
})
