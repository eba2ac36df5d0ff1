import { deepEqual, equal } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import { editToml } from '#cli/mdlibs/toml-edit'

const written = `# mine
timeout = 10 # seconds

[library]
name = "x"
# why
version = "1.0.0"

[[registry]]
name = "one"
url = "https://one.example"

# the second
[[registry]]
name = "two"

[scopes]
"@acme" = "one"
`

describe('a change leaves everything else as it was written', () => {
  const set = (
    table: readonly (string | number)[],
    key: string,
    value: string | number | boolean,
  ) => editToml(written, { kind: 'set', table, key, value })
  for (const [what, text, from, to] of [
    ['a value on top', set([], 'timeout', 20), 'timeout = 10 # seconds', 'timeout = 20'],
    ['another key on top', set([], 'a', true), 'seconds\n', 'seconds\na = true\n'],
    ['a value', set(['library'], 'version', '2.0.0'), '"1.0.0"', '"2.0.0"'],
    ['another key', set(['library'], 'b', 1), '"1.0.0"\n', '"1.0.0"\nb = 1\n'],
    ['a quoted key', set(['scopes'], '@acme', 'two'), '"@acme" = "one"', '"@acme" = "two"'],
    [
      'another table',
      set(['dependencies'], '@a/b', '^1'),
      '"@acme" = "one"\n',
      '"@acme" = "one"\n\n[dependencies]\n"@a/b" = "^1"\n',
    ],
    [
      'a key of the second of several tables',
      set(['registry', 1], 'default', true),
      'name = "two"\n',
      'name = "two"\ndefault = true\n',
    ],
    [
      'a key less',
      editToml(written, { kind: 'unset', table: ['library'], key: 'version' }),
      'version = "1.0.0"\n',
      '',
    ],
    [
      'a table more',
      editToml(written, { kind: 'append', name: 'registry', entry: { name: 'three' } }),
      '"@acme" = "one"\n',
      '"@acme" = "one"\n\n[[registry]]\nname = "three"\n',
    ],
    [
      'a table less',
      editToml(written, { kind: 'remove', name: 'registry', index: 0 }),
      '[[registry]]\nname = "one"\nurl = "https://one.example"\n\n',
      '',
    ],
  ] as const) {
    test(what, () => equal(text, written.replace(from, to)))
  }

  test('what is not there is not taken away', () => {
    equal(editToml(written, { kind: 'unset', table: ['none'], key: 'a' }), written)
  })
})

describe('what is written in another way is written anew', () => {
  test('tables in line', () => {
    const text = 'registry = [{ name = "one" }] # here\n'
    const edited = editToml(text, { kind: 'append', name: 'registry', entry: { name: 'two' } })
    equal(edited, stringify({ registry: [{ name: 'one' }, { name: 'two' }] }))
  })

  test('values over several lines', () => {
    const text = '[a]\nb = """\n[c]\nd = 1\n"""\ne = [\n  1,\n]\n'
    const edited = editToml(text, { kind: 'set', table: ['a'], key: 'e', value: 2 })
    equal(edited, stringify({ a: { b: '[c]\nd = 1\n', e: 2 } }))
    const other = editToml(text, { kind: 'set', table: ['c'], key: 'd', value: 2 })
    equal(other, stringify({ a: { b: '[c]\nd = 1\n', e: [1] }, c: { d: 2 } }))
  })

  test('an empty file', () => {
    equal(editToml('', { kind: 'set', table: ['a'], key: 'b', value: 'c' }), '[a]\nb = "c"\n')
    equal(editToml('a = 1', { kind: 'unset', table: [], key: 'a' }), '')
  })
})

test('whatever the file and the change, it means what was wanted', () => {
  const key = fc.constantFrom('a', 'b-c', '@x/y', 'd.e', 'ü')
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()))
  const flat = fc.dictionary(key, value, { noNullPrototype: true })
  const document = fc.record({
    table: flat,
    list: fc.array(flat, { minLength: 1, maxLength: 3 }),
  })
  fc.assert(
    fc.property(document, key, value, ({ table, list }, name, one) => {
      const text = stringify({ table, list })
      deepEqual(
        parse(editToml(text, { kind: 'set', table: ['table'], key: name, value: one })),
        parse(stringify({ table: { ...table, [name]: one }, list })),
      )
      deepEqual(
        parse(editToml(text, { kind: 'set', table: ['list', 0], key: name, value: one })),
        parse(stringify({ table, list: list.with(0, { ...list[0], [name]: one }) })),
      )
      deepEqual(
        parse(editToml(text, { kind: 'append', name: 'list', entry: { [name]: one } })),
        parse(stringify({ table, list: [...list, { [name]: one }] })),
      )
    }),
  )
})
