/** Why a client may trust what it installs: lock files, the registry's signature, provenance. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import { ed25519PublicKey } from '#crypto/ed25519'
import { type LockFile, readLockFile, writeLockFile } from '#library/lock-file'
import { parseLibraryRef } from '#library/name'
import { parseProvenance, signerOf, speaksOf } from '#library/provenance'
import {
  isSignedBy,
  type RegistryKey,
  registryKeyId,
  signatureMessage,
  signSubject,
} from '#library/registry-signature'
import { formatDigest, parseDigest } from '#library/tree-digest'
import { parseVersion } from '#library/version'

const vector: {
  readonly seed: string
  readonly publicKey: string
  readonly keyId: string
  readonly library: string
  readonly version: string
  readonly digest: string
  readonly message: string
  readonly signature: string
  readonly lockFile: string
} = JSON.parse(readFileSync(new URL('../vectors/library-proofs.json', import.meta.url), 'utf8'))
const seed = fromHex(vector.seed)
const subject = {
  ...parseLibraryRef(vector.library),
  version: parseVersion(vector.version),
  digest: parseDigest(vector.digest) ?? Buffer.alloc(32),
}

test('the registry signs name, version and digest as specified', () => {
  equal(Buffer.from(signatureMessage(subject)).toString(), vector.message)
  const { keyId, signature } = signSubject(seed, subject)
  equal(keyId, vector.keyId)
  equal(toHex(signature), vector.signature)
  equal(toHex(ed25519PublicKey(seed)), vector.publicKey)
})

test('a signature is of one name, one version, one archive and one key', () => {
  const publicKey = ed25519PublicKey(seed)
  const key: RegistryKey = { keyId: registryKeyId(publicKey), publicKey, state: 'active' }
  const signed = signSubject(seed, subject)
  ok(isSignedBy([key], subject, signed))
  ok(isSignedBy([{ ...key, state: 'retired' }], subject, signed))
  ok(!isSignedBy([{ ...key, state: 'revoked' }], subject, signed))
  ok(!isSignedBy([], subject, signed))
  ok(!isSignedBy([key], { ...subject, version: parseVersion('9.9.9') }, signed))
  ok(!isSignedBy([key], { ...subject, ...parseLibraryRef('@docs/other') }, signed))
  ok(!isSignedBy([key], { ...subject, digest: Buffer.alloc(32) }, signed))
  ok(!isSignedBy([key], subject, { ...signed, signature: Buffer.alloc(64) }))
  const other = Buffer.alloc(32, 7)
  const impostor = {
    keyId: key.keyId,
    publicKey: ed25519PublicKey(other),
    state: 'active',
  } as const
  const forged = { ...signSubject(other, subject), keyId: key.keyId }
  ok(!isSignedBy([impostor], subject, forged))
})

const ref = fc.constantFrom('@docs/handbook', '@docs/base', '@team/rules', '@abc/def')
const range = fc.constantFrom('*', '^1.0.0', '1.x || ^3')
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
const locked = fc.record({
  library: ref,
  version: fc.constantFrom('1.0.0', '2.0.0-rc.1').map(parseVersion),
  registry: fc.constantFrom('https://libraries.example', 'http://127.0.0.1:8080'),
  digest,
  treeDigest: digest,
  dependencies: fc.dictionary(ref, range).map((pairs) => new Map(Object.entries(pairs))),
})
const lock: fc.Arbitrary<LockFile> = fc.record({
  wanted: fc.dictionary(ref, range).map((pairs) => new Map(Object.entries(pairs))),
  libraries: fc.uniqueArray(locked, { selector: ({ library }) => library }),
})

test('a lock file that was written is read, and written the same again', () =>
  fc.assert(
    fc.property(lock, (one) => {
      const text = writeLockFile(one)
      equal(writeLockFile(readLockFile(text)), text)
      equal(writeLockFile({ ...one, libraries: one.libraries.toReversed() }), text)
      equal(writeLockFile(readLockFile(text.replaceAll('\n', '\r\n'))), text)
    }),
  ))

test('a lock file that somebody changed is refused with a reason', () => {
  const text = vector.lockFile
  equal(writeLockFile(readLockFile(text)), text)
  const wrong: readonly (readonly [from: string | RegExp, to: string, reason: RegExp])[] = [
    ['"lockfile": 1', '"lockfile": 2', /version 2/],
    ['"lockfile": 1', '"lockfile": 1, "more": 1', /by hand/],
    ['"lockfile"', '\n<<<<<<< HEAD\n"lockfile"', /merge left/],
    [/}\s*$/, '', /no JSON/],
    ['sha256:', 'sha512:', /digests/],
    ['https://libraries.example"', 'https://libraries.example/path"', /origin/],
    ['https://libraries.example"', 'file:///etc"', /origin/],
    ['"version": "1.2.0"', '"version": "01.2.0"', /malformed-version/],
    ['"version": "1.2.0"', '"version": "1.2.0+x"', /by hand/],
    ['"@docs/handbook": {', '"@docs/../x": {', /malformed-name/],
    ['"@docs/handbook": {', '"__proto__": {', /malformed-name/],
    ['"@docs/base": "^1.0.0"', '"@docs/base": "^1.0.0", "@docs/base": "^2.0.0"', /by hand/],
  ]
  for (const [from, to, reason] of wrong) {
    const changed = text.replace(from, to)
    ok(changed !== text, String(from))
    throws(() => readLockFile(changed), { code: 'library/malformed-lock-file', message: reason })
  }
})

const payloadType = 'application/vnd.in-toto+json'
const archiveDigest = Buffer.alloc(32, 0xab)
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: '@docs/handbook@1.2.0', digest: { sha256: archiveDigest.toString('hex') } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      externalParameters: {
        workflow: {
          repository: 'https://git.example/docs',
          path: '.ci/publish.yml',
          ref: 'refs/heads/main',
        },
      },
      resolvedDependencies: [
        { uri: 'git+https://git.example/docs@refs/heads/main', digest: { gitCommit: 'c0ffee' } },
      ],
    },
    runDetails: { builder: { id: 'https://git.example/runner' } },
  },
}

type Signer = (bytes: Uint8Array) => Uint8Array
const ed = generateKeyPairSync('ed25519')
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signers: Readonly<Record<string, readonly [Signer, string]>> = {
  ed25519: [(bytes) => sign(null, bytes, ed.privateKey), pem(ed.publicKey)],
  'P-256': [(bytes) => sign('sha256', bytes, p256.privateKey), pem(p256.publicKey)],
  'P-384': [(bytes) => sign('sha384', bytes, p384.privateKey), pem(p384.publicKey)],
}

function pem(key: { export(options: { format: 'pem'; type: 'spki' }): string | Buffer }): string {
  return key.export({ format: 'pem', type: 'spki' }).toString()
}

function envelope(
  signer: Signer,
  what: object = statement,
): { payload: string; payloadType: string; signatures: { keyid: string; sig: string }[] } {
  const payload = Buffer.from(JSON.stringify(what))
  const encoded = Buffer.concat([
    Buffer.from(`DSSEv1 28 ${payloadType} ${payload.length} `),
    payload,
  ])
  return {
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ keyid: 'k', sig: Buffer.from(signer(encoded)).toString('base64') }],
  }
}

function bundle(document: object): Buffer {
  return Buffer.from(JSON.stringify(document))
}

for (const [name, [signer, key]] of Object.entries(signers))
  test(`provenance signed with ${name} is verified without a network`, () => {
    for (const document of [
      envelope(signer),
      {
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        dsseEnvelope: envelope(signer),
      },
    ]) {
      const provenance = parseProvenance(bundle(document))
      ok(speaksOf(provenance, archiveDigest))
      ok(!speaksOf(provenance, Buffer.alloc(32)))
      equal(
        signerOf(provenance, [{ pem: pem(rsa.publicKey) }, { keyId: 'ours', pem: key }])?.keyId,
        'ours',
      )
      const others = Object.values(signers)
        .map((one) => one[1])
        .filter((one) => one !== key)
      equal(
        signerOf(
          provenance,
          others.map((one) => ({ pem: one })),
        ),
        undefined,
      )
      deepEqual(provenance.statement, {
        predicateType: 'https://slsa.dev/provenance/v1',
        subjects: [{ name: '@docs/handbook@1.2.0', sha256: new Uint8Array(archiveDigest) }],
        builder: 'https://git.example/runner',
        source: 'https://git.example/docs',
        commit: 'c0ffee',
        workflow: '.ci/publish.yml',
      })
    }
  })

test('provenance whose payload, type or key is another one is not verified', () => {
  const [signer, key] = signers['ed25519'] ?? []
  ok(signer !== undefined && key !== undefined)
  const signed = envelope(signer)
  const other = envelope(signer, { ...statement, predicateType: 'https://example.org/other' })
  const swapped = parseProvenance(bundle({ ...signed, payload: other.payload }))
  equal(signerOf(swapped, [{ pem: key }]), undefined)
  const provenance = parseProvenance(bundle(signed))
  const privatePem = ed.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  equal(signerOf(provenance, [{ pem: privatePem }, { pem: 'nonsense' }]), undefined)
})

test('what is no provenance is refused with a reason', () => {
  const [signer] = signers['ed25519'] ?? []
  ok(signer !== undefined)
  const good = envelope(signer)
  const wrong: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from('{'), /no JSON/],
    [Buffer.from([0xff, 0xfe]), /no JSON/],
    [bundle([]), /no table/],
    [bundle({ ...good, payloadType: 'text/plain' }), /not of type/],
    [bundle({ ...good, payload: '%' }), /base64/],
    [bundle({ ...good, signatures: [] }), /nobody signed/],
    [bundle({ ...good, signatures: 'x' }), /no list/],
    [bundle(envelope(signer, { ...statement, _type: 'x' })), /in-toto/],
    [bundle(envelope(signer, { ...statement, subject: [] })), /about nothing/],
    [
      bundle(envelope(signer, { ...statement, subject: [{ digest: { sha256: 'xyz' } }] })),
      /digest/,
    ],
    [Buffer.alloc(300_000, 0x20), /larger/],
  ]
  for (const [bytes, reason] of wrong)
    throws(() => parseProvenance(bytes), { code: 'library/malformed-provenance', message: reason })
})

test('digests have one spelling', () => {
  const text = formatDigest(archiveDigest)
  deepEqual(Buffer.from(parseDigest(text) ?? []), archiveDigest)
  for (const wrong of [
    text.toUpperCase(),
    text.slice(0, -1),
    text.slice(7),
    ` ${text}`,
    `${text}\n`,
  ])
    equal(parseDigest(wrong), undefined)
})
