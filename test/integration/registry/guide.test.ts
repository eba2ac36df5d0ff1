/** The steps of docs/operate/cdn.md, taken as they stand there: a role and a database, tokens, backups. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { blockOf } from '../../operate-page.ts'
import { ask, startPostgres } from '../../postgres/server.ts'
import { bytesOf, get, hashOf, known, manifestOf, post, startRegistry } from './registry-server.ts'

const run = promisify(execFile)
const has = (program: string, flag = '--version'): boolean =>
  spawnSync(program, [flag]).status === 0
/** Of one version with its server, which is what dumps want. */
const [dumper] = globSync('/usr/lib/postgresql/*/bin/pg_dump').sort().reverse()

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mycelium-guide-'))
})
after(() => rm(folder, { recursive: true }))

const shell = async (lines: string, env: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await run('sh', ['-ec', lines], { cwd: folder, env: { ...process.env, ...env } })).stdout

test('the role and the database of the page are enough, and a dump brings every manifest back', {
  skip: dumper === undefined && 'no pg_dump beside a server: apt-get install postgresql',
}, async () => {
  const programs = dirname(dumper ?? '')
  await using server = await startPostgres({ programs })
  const statements = blockOf('cdn', 'sql').replaceAll(/\bmycelium\b/g, 'keeper') // the server's own user has that name
  for (const statement of statements.split(';'))
    if (statement.trim() !== '') await ask(server.url, statement)
  const secret = join(folder, 'registry-password')
  const [writeSecret = '', start = ''] = blockOf('cdn', 'sh', '--db-password-file').split('\n')
  await shell(writeSecret.replace('/etc/mycelium/registry-password', secret))
  equal(await readFile(secret, 'utf8'), 'your-secure-password')
  match(start, /^mycelium registry --db-user mycelium --db-password-file \S+$/)
  const place = ['--db-host', '127.0.0.1', '--db-port', String(server.port)]
  const flags = ['--db-user', 'keeper', '--db-password-file', secret, ...place]
  const manifests = Array.from({ length: 30 }, (_, index) =>
    manifestOf(`dumped ${index}`, 50 * index),
  )
  {
    await using registry = await startRegistry({ flags })
    for (const manifest of manifests) equal((await post(registry, manifest)).status, 200)
    const where = { PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'mycelium' }
    const path = `${programs}:${process.env['PATH']}`
    await shell(blockOf('cdn', 'sh', 'pg_dump'), { ...where, PATH: path })
  }
  await using restored = await startRegistry({ flags: [...flags, '--db-name', 'restored'] })
  for (const manifest of manifests)
    deepEqual(await bytesOf(await get(restored, hashOf(manifest))), manifest)
  equal((await post(restored, known.manifest)).status, 200)
})

test('a token that is made as the page says may upload', {
  skip:
    !['openssl', 'curl'].every((program) =>
      has(program, program === 'openssl' ? 'version' : '--version'),
    ) && 'no openssl, or no curl',
}, async () => {
  await writeFile(join(folder, 'manifest.bin'), known.manifest)
  const [make = '', write = '', upload = ''] = blockOf('cdn', 'sh', 'openssl rand').split('\n')
  await shell(`${make}\n${write}\nprintf %s "$token" > token`)
  await using registry = await startRegistry({ flags: ['--tokens', join(folder, 'tokens')] })
  const answer = await shell(
    `token=$(cat token)\n${upload.replace('http://127.0.0.1:8080', registry.url)}`,
  )
  deepEqual(JSON.parse(answer), { hash: known.hash, size: 218, created: true })
})

test('a copy of the file, made while the registry is up, has every manifest', {
  skip: !has('sqlite3') && 'no sqlite3',
}, async () => {
  const manifests = Array.from({ length: 30 }, (_, index) =>
    manifestOf(`copied ${index}`, 50 * index),
  )
  {
    await using registry = await startRegistry()
    for (const manifest of manifests) equal((await post(registry, manifest)).status, 200)
    await shell(blockOf('cdn', 'sh', '.backup').replace('DATA', registry.data))
  }
  const data = join(folder, 'restored')
  await mkdir(data)
  await rename(join(folder, 'copy.sqlite'), join(data, 'registry.sqlite'))
  await using restored = await startRegistry({ data })
  for (const manifest of manifests)
    deepEqual(await bytesOf(await get(restored, hashOf(manifest))), manifest)
})
