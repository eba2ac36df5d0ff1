import { equal, throws } from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { safeFileName } from '#content/file-name'

test('names that people give to files are safe', () => {
  const names = [
    'a.txt',
    '.bashrc',
    '...',
    'naïve ☂ 𝄞.bin',
    'a b',
    '-rf',
    'console.log',
    'com10',
    'n'.repeat(255),
  ]
  for (const name of names) equal(safeFileName(name), name)
})

test('names that would do something else are not', () => {
  const hostile = [
    ...['', '.', '..', '/etc/passwd', '../x', 'a/b', '..\\x', 'a\\b', 'C:\\x'],
    ...[
      'a\0.txt',
      'a\nb',
      '\x1b[2J',
      'a\x7f',
      'a\u0085',
      'gpj\u202eexe',
      'a\u200b',
      'a\u2028b',
      '\ufeffa',
    ],
    ...[
      'nul',
      'CON',
      'con.txt',
      'Aux.c',
      'COM1',
      'lpt9.x',
      'prn .x',
      '\ud800',
      'n'.repeat(256),
      'ü'.repeat(128),
    ],
  ]
  for (const name of hostile)
    throws(() => safeFileName(name), { code: 'content/hostile-name' }, JSON.stringify(name))
})

test('whatever passes is one part of a path and stays below its directory', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
      try {
        equal(basename(`/directory/${safeFileName(name)}`), name)
      } catch (error) {
        equal((error as { code?: string }).code, 'content/hostile-name') // nothing else is thrown
      }
    }),
  ))
