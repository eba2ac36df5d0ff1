/** Where `cyxcloud` finds its endpoint and keys, and which of several wins. */
import { equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { cleanEnvironment, type RunningStore, startStore } from '../harness.ts'
import { openWorkplace, smallStore, type Workplace } from './cyxcloud.ts'

let store: RunningStore
let place: Workplace
before(async () => {
  store = await startStore({ flags: smallStore })
  place = await openWorkplace()
  await mkdir(place.path('.aws'))
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
})

function section(name: string, { accessKeyId, secretAccessKey }: Keys): string {
  return `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
}

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const nobody: Keys = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'nothing' }

async function isLetIn(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = place.path(),
): Promise<void> {
  const { code, stderr } = await place.run(['status', ...args], { env, cwd })
  equal(code, 0, stderr)
}

test('keys and endpoint from the environment, the more particular name first', async () => {
  const keys = {
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
  }
  await isLetIn([], { ...keys, AWS_ENDPOINT_URL: store.s3Url })
  const other = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_S3: store.s3Url }
  await isLetIn([], { ...keys, ...other })
  await isLetIn(['--endpoint-url', store.s3Url], {
    ...keys,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  })
  const half = await place.run(['status'], { env: { AWS_ACCESS_KEY_ID: 'AKIAHALF' } })
  equal(half.code, 2)
  match(half.stderr, /set both, or none/)
})

test('profiles: keys in one file, the endpoint in the other', async () => {
  await writeFile(
    place.path('.aws/credentials'),
    section('mine', store) + section('default', nobody),
  )
  await writeFile(place.path('.aws/config'), `[profile mine]\nendpoint_url = ${store.s3Url}\n`)
  await isLetIn(['--profile', 'mine'])
  await isLetIn([], { AWS_PROFILE: 'mine' })
  const wrong = { AWS_ACCESS_KEY_ID: 'AKIANOBODY', AWS_SECRET_ACCESS_KEY: 'nothing' }
  await isLetIn(['--profile', 'mine'], wrong) // a profile that is named wins over the environment
  const refused = await place.run(['status'], { env: { ...wrong, AWS_PROFILE: 'mine' } })
  equal(refused.code, 4, 'the environment wins over AWS_PROFILE')

  await writeFile(place.path('elsewhere'), section('default', store))
  const file = { AWS_SHARED_CREDENTIALS_FILE: place.path('elsewhere') }
  await isLetIn(['--endpoint-url', store.s3Url], file)
  await writeFile(place.path('config'), `[default]\nendpoint_url = ${store.s3Url}\n`)
  await isLetIn([], { ...file, AWS_CONFIG_FILE: place.path('config') })
})

test('a profile whose keys somebody else has to fetch', async () => {
  const config = '[profile far]\nsso_session = us\n'
  await writeFile(place.path('sso'), config)
  const env = { AWS_CONFIG_FILE: place.path('sso') }
  const { code, stderr } = await place.run(['status', '--profile', 'far'], { env })
  equal(code, 4)
  match(stderr, /aws configure export-credentials --profile far/)
})

test('in the directory of a store its own keys are found', async () => {
  await mkdir(place.path('beside'))
  await symlink(store.data, place.path('beside/data'))
  await writeFile(place.path('.aws/credentials'), '')
  await isLetIn(['--endpoint-url', store.s3Url], {}, place.path('beside'))
})

test('the local mount of a gateway needs no key', async () => {
  await isLetIn(['--gateway', store.httpUrl])
  await isLetIn([], { CYXCLOUD_GATEWAY_HTTP_URL: store.httpUrl })
})

test('the launcher finds the right Node from anywhere, and through links', async () => {
  const bin = new URL('../../packaging/bin/', import.meta.url).pathname
  for (const program of ['cyxcloud', 'mycelium']) {
    const link = place.path(program)
    await symlink(join(bin, program), link)
    const { stdout, stderr, status } = spawnSync(link, ['--version'], {
      cwd: '/',
      encoding: 'utf8',
      env: { ...cleanEnvironment(), PATH: '/usr/bin:/bin' },
    })
    match(stdout, /^\d+\.\d+\.\d+\n$/, stderr)
    equal(status, 0)
  }
})
