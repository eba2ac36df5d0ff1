import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatLink, parseLink } from '#content/link'

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 })
const registry = fc.constantFrom(
  ...['http://cdn.example.org', 'https://cdn.example.org', 'http://localhost:8080'],
  ...['https://cdn.mycelium.grid.tf:8443'],
)

test('a link is read as it is written, in both forms', () =>
  fc.assert(
    fc.property(
      fc.record(
        { hash: sixteen, key: fc.option(sixteen, { nil: undefined }), registry },
        { noNullPrototype: true },
      ),
      (link) => {
        deepEqual(parseLink(formatLink({ ...link, form: 'fragment' })), link)
        const query = formatLink({ ...link, form: 'query' })
        const read = parseLink(query.toUpperCase().replace(/KEY=/, 'key='))
        // the older form is always over plain HTTP
        deepEqual(read, { ...link, registry: link.registry.replace('https:', 'http:') })
        equal(query, query.toLowerCase())
      },
    ),
  ))

const hash = '5dc552b1d24828cae60ddc6e2ef19edd'
const key = '67ee67a61585bffd23e2558ba5e8329b'

test('the registry is named by its URL, of which scheme, host and port count', () => {
  const link = { hash: Uint8Array.fromHex(hash), key: Uint8Array.fromHex(key) }
  const linkAt = (at: string) => formatLink({ ...link, registry: at, form: 'fragment' })
  equal(
    linkAt('https://u:p@CDN.example.org/api/?x=1#y'),
    `https://${hash}.cdn.example.org/#key=${key}`,
  )
  equal(linkAt('https://cdn.example.org:443'), `https://${hash}.cdn.example.org/#key=${key}`)
  for (const at of ['http://10.0.0.1:8080', 'http://[::1]', 'cdn.example.org', 'ftp://a.b', ''])
    throws(() => linkAt(at), { code: 'content/link-malformed' }, at)
})

test('a key may stand in both places if it is the same', () => {
  const { key: read } = parseLink(
    ` http://${hash}.a.b:80/?x=1&key=${key}#key=${key.toUpperCase()}\n`,
  )
  equal(read?.toHex(), key)
  throws(() => parseLink(`http://${hash}.a.b/?key=${key}#key=${hash}`), /several keys/)
})

test('what is no link is refused', () => {
  const others = [
    ...['', 'hello', `holo://${hash}?key=${key}`, `ftp://${hash}.a.b/?key=${key}`],
    ...[
      `http://${hash}/?key=${key}`,
      'http://10.0.0.1/',
      'http://[::1]/',
      `http://${hash}.10.0.0.1/`,
    ],
    ...[`http://${hash.slice(1)}.a.b/`, `http://g${hash.slice(1)}.a.b/`, `http://x.${hash}.a.b/`],
    ...[
      `http://${hash}.a.b/?key=${key.slice(1)}`,
      `http://${hash}.a.b/?key=`,
      `http://${hash}.a.b/x`,
    ],
  ]
  for (const text of others) throws(() => parseLink(text), { code: 'content/link-malformed' }, text)
  throws(() => parseLink(`http://${hash}${hash}.a.b/`), /older than 2025-07-11/)
})
