import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageKey, pathOf, routeOf } from '#api/s3/website-routing'
import type { Website } from '#object/website'

const host = 'site.s3-website.localhost:8080'

test('a path below a prefix stands for its index', () => {
  equal(pageKey('', 'index.html'), 'index.html')
  equal(pageKey('docs/', 'index.html'), 'docs/index.html')
  equal(pageKey('docs/a.html', 'index.html'), 'docs/a.html')
})

test('everybody is sent elsewhere, with what they asked for', () => {
  const website: Website = { kind: 'elsewhere', host: 'example.org', protocol: 'https' }
  deepEqual(routeOf(website, { host, key: 'a b/ä' }), {
    status: 301,
    location: 'https://example.org/a%20b/%C3%A4',
  })
})

const website: Website = {
  kind: 'pages',
  index: 'index.html',
  rules: [
    { prefix: 'old/', redirect: { keyPrefix: 'new/' } },
    { prefix: 'moved/', redirect: { host: 'example.org', key: 'all.html', status: 302 } },
    { prefix: 'reports/', errorCode: 404, redirect: { protocol: 'https', keyPrefix: 'archive/' } },
  ],
}

test('a prefix is replaced, a key takes the place of all, and what is not named stays', () => {
  deepEqual(routeOf(website, { host, key: 'old/a/b' }), { status: 301, location: '/new/a/b' })
  deepEqual(routeOf(website, { host, key: 'moved/a' }), {
    status: 302,
    location: 'http://example.org/all.html',
  })
  equal(routeOf(website, { host, key: 'other' }), undefined)
})

test('a rule for an error waits for that error', () => {
  const visit = { host, key: 'reports/2020' }
  equal(routeOf(website, visit), undefined)
  equal(routeOf(website, visit, 403), undefined)
  deepEqual(routeOf(website, visit, 404), {
    status: 301,
    location: `https://${host}/archive/2020`,
  })
  equal(routeOf(website, { host, key: 'old/a' }, 404), undefined)
})

test('no key leads to another host, and every path means the key', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (key) => {
      const url = new URL(pathOf(key), 'http://site.example')
      equal(url.host, 'site.example')
      const isPlain = !key.split('/').some((name) => name === '.' || name === '..')
      if (isPlain) equal(decodeURIComponent(url.pathname.slice(1)), key)
    }),
  ))
