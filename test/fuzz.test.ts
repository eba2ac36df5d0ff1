/** A short run of the fuzz lane, everything it ever found, and inputs that are meant to hurt. The long run: `npm run fuzz`. */
import { equal, ok, rejects, throws } from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readForm } from '#api/s3/form'
import { readXml } from '#api/s3/xml-reader'
import { parsePolicy } from '#identity/policy'
import { parseQuery } from '#select/parse-query'
import { openAllTargets, openNames } from './fuzz/all-targets.ts'
import { inputOf, runCases } from './fuzz/cases.ts'
import { complaintOf, type Target, targets } from './fuzz/targets.ts'

const findings = new URL('fuzz/findings/', import.meta.url)
const casesEach = 1_500
const seed = 'of the tests'

for (const [name, target] of Object.entries(targets)) {
  test(`${name}: what is nearly right is read, or refused by its own room`, () =>
    runsWell(name, target, casesEach))
}

for (const name of openNames) {
  test(`${name}: whole requests that are nearly right are answered in its own words`, async () => {
    await using opened = await openAllTargets()
    const target = opened.all[name]
    ok(target)
    await runsWell(name, target, casesEach / 10)
  })
}

async function runsWell(name: string, target: Target, cases: number): Promise<void> {
  for (const input of target.seeds) equal(await complaintOf(target, Buffer.from(input)), undefined)
  const result = await runCases(target, { name, seed, goesOn: (number) => number < cases })
  if (typeof result !== 'number') throw result.error
  equal(result, cases)
}

test('what was found once stays right', async () => {
  await using opened = await openAllTargets()
  for (const file of globSync('*.json', { cwd: findings.pathname })) {
    const { target, input } = JSON.parse(readFileSync(new URL(file, findings), 'utf8'))
    const known = opened.all[target]
    ok(known, file)
    equal(await complaintOf(known, Buffer.from(input, 'base64')), undefined, file)
  }
})

test('a case is the same again by its seed, target and number', () => {
  const target = targets['xml']
  ok(target)
  const of = (number: number) => inputOf(target, { name: 'xml', seed, number })
  ok(of(7).equals(of(7)))
  ok(!of(7).equals(of(8)))
})

test('XML that would expand, or is too deep or too much, is refused', () => {
  const entities = Array.from(
    { length: 10 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  )
  const laughs = `<!DOCTYPE a [<!ENTITY l0 "ha">${entities.join('')}]><a>&l10;</a>`
  const outside = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
  const deep = '<a>'.repeat(100_000) + '</a>'.repeat(100_000)
  const many = `<a>${'<b/>'.repeat(100_001)}</a>`
  for (const text of [laughs, outside, deep, many]) {
    throws(() => readXml(Buffer.from(text)), { code: 's3/malformed-xml' })
  }
})

test('what is too long is refused before it is read whole', async () => {
  const statement = '{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},'
  const policy = `{"Version":"2012-10-17","Statement":[${statement.repeat(1_000).slice(0, -1)}]}`
  throws(() => parsePolicy(policy), { code: 'identity/malformed-policy' })
  throws(() => parsePolicy('['.repeat(10_000)), { code: 'identity/malformed-policy' })
  throws(() => parseQuery(`SELECT ${'('.repeat(100_000)}`), /select\//)

  let sent = 0
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n')
    for (;;) {
      sent += 64 * 1024
      yield Buffer.alloc(64 * 1024, 'a')
    }
  }
  await rejects(readForm(endless(), { boundary: 'x' }), { code: 's3/fields-too-large' })
  ok(sent <= 256 * 1024)
})
