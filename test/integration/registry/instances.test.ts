/** Three registries at once on one database, alone and behind real balancers: whoever is asked, the answer is the same. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { whyWithout } from '../../debian-packages.ts'
import { ask, findPostgres, type PostgresServer, startPostgres } from '../../postgres/server.ts'
import { type Balancer, startHaproxy, startNginx } from './balancers.ts'
import {
  bytesOf,
  get,
  hashOf,
  known,
  manifestOf,
  post,
  type RunningRegistry,
  startRegistry,
} from './registry-server.ts'

const hasServer = (await findPostgres()) !== undefined

describe('three registries on one database', {
  skip: !hasServer && 'no PostgreSQL server to start',
}, () => {
  let server: PostgresServer
  let url: string
  let registries: RunningRegistry[]

  before(async () => {
    server = await startPostgres()
    url = await server.newDatabase()
    const flags = ['--proxies', '127.0.0.1/32', '--database-connections', '4']
    const start = () => startRegistry({ env: { DATABASE_URL: url }, flags })
    registries = await Promise.all([start(), start(), start()]) // all of them make the table
  })
  after(async () => {
    for (const registry of registries) await registry[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('what one has taken the others have', async () => {
    await Promise.all(
      registries.map(async (registry, index) => {
        const manifest = manifestOf(`by ${index}`)
        equal((await post(registry, manifest)).status, 200)
        for (const other of registries)
          deepEqual(await bytesOf(await get(other, hashOf(manifest))), manifest)
      }),
    )
  })

  test('of all who upload the same at the same time one is first, and all succeed', async () => {
    for (let round = 0; round < 20; round++) {
      const manifest = manifestOf(`race ${round}`, 3_000)
      const answers = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const registry = registries[index % 3] as RunningRegistry
          const answer = await post(registry, manifest)
          equal(answer.status, 200)
          return ((await answer.json()) as { created: boolean }).created
        }),
      )
      deepEqual(answers.filter((created) => created).length, 1)
      const rows = await ask(url, `select data from blobs where hash = '\\x${hashOf(manifest)}'`)
      deepEqual(rows, [{ data: manifest }])
    }
  })

  const balancers = [
    ['nginx', whyWithout('nginx'), startNginx],
    ['haproxy', whyWithout('haproxy'), startHaproxy],
  ] as const
  for (const [name, skip, startBalancer] of balancers)
    describe(`behind ${name}, set up as the page says`, { skip }, () => {
      let balancer: Balancer
      before(async () => {
        balancer = await startBalancer(registries.map(({ port }) => port))
      })
      after(() => balancer[Symbol.asyncDispose]())

      test('uploads and reads go through, metrics do not', async () => {
        equal((await post(balancer, known.manifest)).status, 200)
        deepEqual(await bytesOf(await get(balancer, known.hash)), known.manifest)
        const part = await get(balancer, known.hash, { headers: { range: 'bytes=1-3' } })
        equal(part.status, 206)
        deepEqual(await bytesOf(part), known.manifest.subarray(1, 4))
        const etag = `"${known.hash}"`
        const same = await get(balancer, known.hash, { headers: { 'if-none-match': etag } })
        equal(same.status, 304)
        equal((await fetch(`${balancer.url}/metrics`)).status, 403)
        equal((await get(balancer, '0'.repeat(32))).status, 404)
      })

      test('the largest upload fits, one byte more is 413', async () => {
        const fits = manifestOf('largest', 2_000_000)
        equal((await post(balancer, fits)).status, 200)
        deepEqual(await bytesOf(await get(balancer, hashOf(fits))), fits)
        equal((await post(balancer, manifestOf('too large', 2_100_000))).status, 413)
      })

      test('an instance that is killed is not missed', async () => {
        const flags = ['--database-connections', '4']
        const [first] = registries
        if (first === undefined) throw new Error('there are three')
        const port = String(first.port)
        const kept: Buffer[] = []
        const uploads = Array.from({ length: 8 }, async (_, lane) => {
          for (let index = 0; index < 25; index++) {
            const manifest = manifestOf(`${name} ${lane}-${index}`)
            const answer = await post(balancer, manifest)
            equal(answer.status, 200, `${lane}-${index}`)
            kept.push(manifest)
            if (lane === 0 && index === 5) await first.kill()
          }
        })
        await Promise.all(uploads)
        for (const manifest of kept)
          deepEqual(await bytesOf(await get(balancer, hashOf(manifest))), manifest)
        equal(kept.length, 200)
        registries[0] = await startRegistry({
          env: { DATABASE_URL: url },
          flags: [...flags, '--port', port],
        })
      })
    })

  test('nginx answers from its cache what it has seen, byte for byte', {
    skip: balancers[0][1],
  }, async () => {
    await using edge = await startNginx(registries.map(({ port }) => port))
    const manifests = Array.from({ length: 50 }, (_, index) => manifestOf(`cached ${index}`, 2_048))
    for (const manifest of manifests) equal((await post(edge, manifest)).status, 200)
    const replay = async (): Promise<number> => {
      let hits = 0
      for (const manifest of manifests) {
        const answer = await get(edge, hashOf(manifest))
        match(answer.headers.get('x-cache') ?? '', /^(HIT|MISS)$/)
        if (answer.headers.get('x-cache') === 'HIT') hits += 1
        deepEqual(await bytesOf(answer), manifest)
      }
      return hits
    }
    equal(await replay(), 0)
    equal(await replay(), manifests.length)
    const absent = hashOf(manifestOf('later'))
    equal((await get(edge, absent)).status, 404)
    equal((await post(edge, manifestOf('later'))).status, 200)
    equal((await get(edge, absent)).status, 200, 'that it was not there is not kept')
    ok((await get(edge, absent)).headers.get('x-cache') === 'HIT')
  })
})
