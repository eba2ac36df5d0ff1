/**
 * `npm run conformance -- --s3-tests DIR [--python FILE] [--workers N] [--select EXPRESSION] [--https] [--update]`: a checkout of ceph/s3-tests against a store that
 * is started for it, with boto3's default settings. Prints passes by topic, and compares them with the names in `expected-passes.txt`: one that
 * passed before and does not now ends it with 1. `--update` writes the list anew. Nothing of the suite is kept here but names. The suite's tests of headers,
 * Select, IAM and STS run as well, and are counted by themselves: they are not part of what the field calls portable.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Authority, makeAuthority } from '../certificate.ts'
import { cleanEnvironment, type RunningStore, runMycelium, startStore } from '../harness.ts'
import { type Outcome, readOutcomes } from './junit.ts'
import { isPortable, readTests, type SuiteTest, topicOf } from './topics.ts'

const expectedFile = new URL('expected-passes.txt', import.meta.url)
/** A "day" of lifecycle rules, in seconds; both sides must be told the same. */
const lifecycleDaySeconds = 10

interface Options {
  readonly suite: string
  readonly python: string
  readonly workers: string
  readonly select: string | undefined
  readonly isUpdate: boolean
  /** Through TLS, where boto3 sends other bodies: unsigned, with trailers. */
  readonly isHttps: boolean
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      's3-tests': { type: 'string' },
      python: { type: 'string', default: 'python3' },
      workers: { type: 'string', default: '2' },
      select: { type: 'string' },
      update: { type: 'boolean', default: false },
      https: { type: 'boolean', default: false },
    },
  })
  const { 's3-tests': suite, python, workers, select, update: isUpdate, https: isHttps } = values
  if (suite === undefined) {
    refuse(
      'npm run conformance -- --s3-tests DIR, where DIR is a checkout of https://github.com/ceph/s3-tests',
    )
  }
  const needed = ['pytest', 'xdist', 'boto3', 'munch', 'lxml']
  const { status, stderr } = spawnSync(python, ['-c', `import ${needed.join(', ')}`])
  if (status !== 0) {
    const reason = stderr?.toString().trim().split('\n').at(-1) ?? 'it is not there'
    const advice = `${python} -m pip install -r ${join(suite, 'requirements.txt')} pytest-xdist`
    refuse(`${python} cannot run the suite (${reason}): ${advice}`)
  }
  return { suite, python, workers, select, isUpdate, isHttps }
}

function refuse(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(2)
}

interface SuiteUser {
  readonly section: string
  readonly handle: string
  readonly id: string
  readonly tenant?: string
  /** Flags of `mycelium admin user add`. */
  readonly flags?: readonly string[]
  /** Of a policy that every store has. */
  readonly policy?: string
}

const users: readonly SuiteUser[] = [
  { section: 's3 main', handle: 'main', id: 'a1'.repeat(32) },
  { section: 's3 alt', handle: 'alt', id: 'b2'.repeat(32) },
  {
    section: 's3 tenant',
    handle: 'tenant',
    id: `testx$${'c3'.repeat(32)}`,
    tenant: 'testx',
    flags: ['--tenant', 'testx'],
  },
  { section: 'iam', handle: 'iam', id: 'd4'.repeat(32), policy: 'IAMFullAccess' },
  { section: 'iam root', handle: 'iam-root', id: 'e5'.repeat(32), flags: ['--account'] },
  { section: 'iam alt root', handle: 'iam-alt-root', id: 'f6'.repeat(32), flags: ['--account'] },
]

const suiteDirectory = 's3tests/functional'
const s3File = 'test_s3.py'
/** Malformed headers, Ceph's dialect of SQL, which is not S3's in all, and IAM: shown, and not expected. */
const otherFiles = ['test_headers.py', 'test_s3select.py', 'test_iam.py', 'test_sts.py'] as const

/** It sleeps for a quarter of an hour; ours is `iam.test.ts`. */
const neverSelected = 'test_assume_role_creds_expiry'

/** The suite's `kms_keyid` and `kms_keyid2`. */
const namedKeys = ['testkey-1', 'testkey-2'] as const

/** It counts all buckets of a user: nothing else may make any meanwhile. */
const loneTest = 'test_list_buckets_paginated'

/** Marks tests of AWS's former signature in headers, which is refused. */
const formerSignature = 'auth_aws2'

/** By marker or name: tests that are skipped without more storage classes. All others run as the field runs them, without any. */
const classTests = '(lifecycle_transition and not encrypted)'
const storageClasses = ['LUKEWARM=4+1', 'FROZEN=3+2'] as const

interface Pass {
  /** An expression for pytest's `-k`. */
  readonly select: string
  readonly workers: string
  /** A file. */
  readonly configuration: string
}

function passesOf(
  name: string,
  { directory, workers }: { readonly directory: string; readonly workers: string },
): readonly Pass[] {
  const configuration = join(directory, plainFile)
  // Those of IAM change what users may do: one at a time, and after the others.
  if (/iam|sts/.test(name)) return [{ select: 'test', workers: '0', configuration }]
  if (name !== s3File) return [{ select: 'test', workers, configuration }]
  return [
    { select: loneTest, workers: '0', configuration },
    { select: `not ${loneTest} and not ${classTests}`, workers, configuration },
    { select: classTests, workers, configuration: join(directory, classesFile) },
  ]
}

const plainFile = 'suite.conf'
const classesFile = 'suite-with-classes.conf'

/** Makes the users and named keys, and returns the suite's configuration. */
async function configure(store: RunningStore): Promise<string> {
  const admin = async (...args: readonly string[]): Promise<Record<string, string>> => {
    const ended = await runMycelium(['admin', ...args, '--json', '--data', store.data])
    if (ended.code !== 0) throw new Error(ended.stderr)
    return JSON.parse(ended.stdout)
  }
  const { protocol, hostname, port } = new URL(store.s3Url)
  // whether a certificate is believed is tried in `tls.test.ts`: the suite's clients know only the world's authorities
  const security = `is_secure = ${protocol === 'https:'}\nssl_verify = False`
  const sections = [
    `[DEFAULT]\nhost = ${hostname}\nport = ${port}\n${security}\n`,
    '[fixtures]\nbucket prefix = conf-{random}-\n',
  ]
  for (const { section, handle, id, tenant, policy, flags = [] } of users) {
    const email = `${handle}@example.com`
    await admin('user', 'add', handle, '--id', id, '--email', email, ...flags)
    if (policy !== undefined) await admin('policy', 'attach', policy, 'user', handle)
    const key = await admin('key', 'add', handle)
    const lines = {
      access_key: key['accessKeyId'],
      secret_key: key['secretAccessKey'],
      user_id: id,
      display_name: handle,
      email,
      ...(tenant === undefined ? {} : { tenant }),
      ...(handle === 'main'
        ? {
            api_name: 'default',
            kms_keyid: namedKeys[0],
            kms_keyid2: namedKeys[1],
            lc_debug_interval: lifecycleDaySeconds,
          }
        : {}),
    }
    const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`)
    sections.push(`[${section}]\n${text.join('')}`)
  }
  for (const name of namedKeys) await admin('kms', 'add', name)
  return sections.join('\n')
}

/** The outcome of every test function of the file that was run. */
async function runPass(
  name: string,
  { select, workers, configuration }: Pass,
  { suite, python, select: wanted = 'test' }: Options,
): Promise<ReadonlyMap<string, Outcome>> {
  const report = `${configuration}.xml`
  const selected = `(${wanted}) and ${select} and not ${neverSelected} and not ${formerSignature}`
  const args = [
    ...['-m', 'pytest', join(suiteDirectory, name), '-q', '--tb=no', '-p', 'no:cacheprovider'],
    ...[`--junitxml=${report}`, '-n', workers, '-k', selected],
  ]
  const child = spawn(python, args, {
    cwd: suite,
    env: { ...cleanEnvironment(), HOME: dirname(configuration), S3TEST_CONF: configuration },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await once(child, 'close')
  return readOutcomes(await readFile(report, 'utf8'))
}

type Verdict = readonly [test: SuiteTest, outcome: Outcome]

function verdictsOf(
  tests: readonly SuiteTest[],
  outcomes: ReadonlyMap<string, Outcome>,
): readonly Verdict[] {
  return tests.flatMap((test): Verdict[] => {
    const outcome = outcomes.get(test.name)
    return outcome === undefined ? [] : [[test, outcome]]
  })
}

function printTopics(verdicts: readonly Verdict[]): void {
  const byTopic = Map.groupBy(verdicts, ([test]) => topicOf(test))
  const rows = [...byTopic].sort(([one], [other]) => (one < other ? -1 : 1))
  process.stdout.write('\n')
  for (const [topic, ofTopic] of rows) {
    const failed = ofTopic.filter(([, outcome]) => outcome !== 'passed').map(([{ name }]) => name)
    const score = `${ofTopic.length - failed.length}/${ofTopic.length}`
    const rest = failed.length === 0 || failed.length > 12 ? '' : failed.join(' ')
    process.stdout.write(`${topic.padEnd(26)} ${score.padStart(8)}  ${rest}\n`)
  }
}

function countOf(verdicts: readonly Verdict[]): string {
  return `${verdicts.filter(([, outcome]) => outcome === 'passed').length} of ${verdicts.length}`
}

/** Names that must pass and did not, and others that did. */
async function compare(verdicts: readonly Verdict[]): Promise<{
  readonly lost: readonly string[]
  readonly won: readonly string[]
}> {
  const text = await readFile(expectedFile, 'utf8').catch(() => '')
  const expected = new Set(text.split('\n').filter((line) => line !== ''))
  const passed = (verdict: Verdict): boolean => verdict[1] === 'passed'
  return {
    lost: verdicts.flatMap((one) => (expected.has(one[0].name) && !passed(one) ? one[0].name : [])),
    won: verdicts.flatMap((one) => (!expected.has(one[0].name) && passed(one) ? one[0].name : [])),
  }
}

function tlsFlags(issuer: Authority | undefined): readonly string[] {
  if (issuer === undefined) return []
  const { certificate, privateKey } = issuer.issue('suite')
  return ['--tls-cert', certificate, '--tls-key', privateKey]
}

const options = readOptions()
const directory = await mkdtemp(join(tmpdir(), 'mycelium-conformance-'))
const authority = options.isHttps ? makeAuthority(directory) : undefined
const verdictsByFile = new Map<string, readonly Verdict[]>()
try {
  await using store = await startStore({
    flags: [
      ...['--nodes', '6', '--profile', '4+2', '--log', 'error'],
      ...['--lifecycle-day', `${lifecycleDaySeconds}s`],
      ...['--storage-classes', storageClasses.join(',')],
      ...['--access-log-every', '5s'],
      ...tlsFlags(authority),
    ],
  })
  const plain = await configure(store)
  await writeFile(join(directory, plainFile), plain)
  const names = storageClasses.map((one) => one.replace(/=.*/, '')).join(', ')
  const withClasses = plain.replace('[s3 main]\n', `[s3 main]\nstorage_classes = ${names}\n`)
  await writeFile(join(directory, classesFile), withClasses)
  for (const name of [s3File, ...otherFiles]) {
    const tests = readTests(await readFile(join(options.suite, suiteDirectory, name), 'utf8'))
    const outcomes = new Map<string, Outcome>()
    for (const pass of passesOf(name, { directory, workers: options.workers }))
      for (const [test, outcome] of await runPass(name, pass, options)) outcomes.set(test, outcome)
    verdictsByFile.set(name, verdictsOf(tests, outcomes))
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
const verdicts = verdictsByFile.get(s3File) ?? []
const portable = verdicts.filter(([test]) => isPortable(test))
printTopics(portable)
process.stdout.write(`\nportable: ${countOf(portable)}\nall of test_s3.py: ${countOf(verdicts)}\n`)
for (const name of otherFiles) {
  const ofFile = verdictsByFile.get(name) ?? []
  if (ofFile.length === 0) continue
  const failed = ofFile.flatMap(([test, outcome]) => (outcome === 'passed' ? [] : test.name))
  process.stdout.write(`${name}: ${countOf(ofFile)}  ${failed.join(' ')}\n`)
}
const { lost, won } = await compare(verdicts)
if (options.isUpdate) {
  const passed = verdicts.flatMap(([{ name }, outcome]) => (outcome === 'passed' ? name : []))
  await writeFile(expectedFile, `${passed.sort().join('\n')}\n`)
}
for (const name of lost) process.stdout.write(`no longer passes: ${name}\n`)
if (won.length > 0 && !options.isUpdate)
  process.stdout.write(
    `${won.length} pass that are not expected to; --update takes them into the list\n`,
  )
process.exitCode = lost.length > 0 && !options.isUpdate ? 1 : 0
