import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { namePostgres, parsePostgresAddress } from '#sql/postgres-address'

test('an address says where, who and how', () => {
  deepEqual(
    parsePostgresAddress('postgres://me:p%40ss@db.example:6432/store?sslrootcert=/ca.pem'),
    {
      host: 'db.example',
      port: 6432,
      user: 'me',
      password: 'p@ss',
      database: 'store',
      tls: 'verify-full',
      tlsRootPath: '/ca.pem',
    },
  )
  const socket = parsePostgresAddress('postgresql:///store?host=/run/postgresql')
  deepEqual([socket.host, socket.port, socket.tls], ['/run/postgresql', 5432, 'disable'])
})

test('beyond this machine the server proves who it is, unless it is told not to', () => {
  const tlsOf = (text: string): string => parsePostgresAddress(text).tls
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    equal(tlsOf(`postgres://${host}/s`), 'disable')
  for (const host of ['shelf-3', '10.0.0.1', 'localhost.example', '[2001:db8::1]'])
    equal(tlsOf(`postgres://${host}/s`), 'verify-full')
  equal(tlsOf('postgres://shelf-3/s?sslmode=disable'), 'disable')
  equal(tlsOf('postgres://localhost/s?sslmode=verify-full'), 'verify-full')
})

test('what is mistaken is told without the address, and names show no password', () => {
  for (const text of [
    'mysql://me:opensesame@shelf/s',
    'postgres://me:opensesame@shelf/s?sslmode=require',
    'postgres://me:opensesame@shelf/s?options=-c',
    'postgres://me:opensesame%zz@shelf/s',
    'me:opensesame@shelf',
    '',
  ])
    throws(
      () => parsePostgresAddress(text),
      (error) => {
        ok(isFault(error, 'sql/malformed-address'))
        return !error.message.includes('opensesame')
      },
    )
  equal(namePostgres(parsePostgresAddress('postgres://me:opensesame@shelf/s')), 'shelf:5432/s')
})
