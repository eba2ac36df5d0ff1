import { deepEqual } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openEndpoint } from '#s3/endpoint'
import { listVersions } from '#s3/versions'
import { systemWorld } from '#world/system'

const { signal } = new AbortController()

/** What an endpoint that answers with these elements is understood to have. */
async function listedFrom(...elements: readonly string[]): Promise<readonly string[]> {
  const page = `<ListVersionsResult><Name>b</Name><IsTruncated>false</IsTruncated>${elements.join('')}</ListVersionsResult>`
  const server = createServer((_, answer) => answer.end(page)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // of a port, not of a pipe
  using endpoint = openEndpoint({
    url: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: undefined,
    world: systemWorld(),
  })
  try {
    const listed = await Array.fromAsync(listVersions(endpoint, 'b', { signal }))
    return listed.map(({ key, version, content }) => `${key} ${version}${content ? '' : ' marker'}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const element = (kind: 'Version' | 'DeleteMarker') => (key: string, id: string, second: number) =>
  `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId><LastModified>2026-01-01T00:00:0${second}Z</LastModified><ETag>"x"</ETag><Size>1</Size></${kind}>`
const version = element('Version')
const marker = element('DeleteMarker')

test('the order of the document counts, whatever the times say', async () => {
  const answer = [
    version('a', '3', 0),
    marker('a', '2', 0),
    version('a', '1', 0),
    marker('b', '4', 1),
  ]
  deepEqual(await listedFrom(...answer), ['a 3', 'a 2 marker', 'a 1', 'b 4 marker'])
})

test('where markers are told after all versions, times say which came when', async () => {
  const versions = [version('a', '3', 3), version('a', '1', 1), version('b', '5', 5)]
  deepEqual(await listedFrom(...versions, marker('a', '2', 2), marker('b', '6', 5)), [
    ...['a 3', 'a 2 marker', 'a 1'],
    ...['b 6 marker', 'b 5'],
  ])
})
