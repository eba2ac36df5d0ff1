import { z } from 'zod'
import { digest, finding } from '#api/library/print'
import { field, isoTime, libraryRoute, versionRefOf } from '#api/library/route'
import { libraryFault } from '#library/faults'

const path = '/libraries/{scope}/{name}/{version}'
const answers = {
  404: 'There is none, or none that you may know of',
  410: 'It was deleted',
}

export const getProvenance = libraryRoute({
  method: 'GET',
  path: `${path}/provenance`,
  operation: 'GetProvenance',
  summary: 'The bundle that says how the archive came to be, as it was published',
  budget: 'metadata',
  gives: { 200: 'application/json' },
  answers,
  async respond({ libraries }, { actor, names, request: { signal } }) {
    const bundle = await libraries.provenance(actor, versionRefOf(names), { signal })
    if (bundle === undefined) throw libraryFault('library/no-such-file')
    const headers = { 'content-type': 'application/json', 'cache-control': 'private, no-cache' }
    return { status: 200, headers: { ...headers, vary: 'Authorization' }, body: bundle }
  },
})

export const getSignature = libraryRoute({
  method: 'GET',
  path: `${path}/signature`,
  operation: 'GetSignature',
  summary: "The registry's signature, and the text that it is of",
  budget: 'metadata',
  answers,
  answer: z.object({
    key_id: z.string(),
    algorithm: z.literal('ed25519'),
    signature: z.string().describe('base64url'),
    checksum: digest,
    signed: z.string(),
  }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const facts = await libraries.version(actor, versionRefOf(names))
    const { signature, scope, name, version } = facts
    if (signature === undefined) throw libraryFault('library/no-such-file')
    const checksum = `sha256:${facts.digest}`
    return {
      key_id: signature.keyId,
      algorithm: 'ed25519',
      signature: signature.value,
      checksum,
      signed: `mdlibs-signature-v1\n@${scope}/${name}\n${version}\n${checksum}\n`,
    }
  },
})

export const getScan = libraryRoute({
  method: 'GET',
  path: `${path}/scan`,
  operation: 'GetScan',
  summary: 'What the scanner has found',
  budget: 'metadata',
  answers,
  answer: z.object({ state: z.string(), findings: z.array(finding) }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const { state, findings } = await libraries.version(actor, versionRefOf(names))
    return { state, findings: findings.map((one) => ({ ...one })) }
  },
})

const signingKey = z.object({
  key_id: z.string(),
  algorithm: z.literal('ed25519'),
  public_key: z.string().describe('32 bytes, base64url'),
  created_at: z.iso.datetime(),
  retired_at: z.iso.datetime().optional(),
})

export const listKeys = libraryRoute({
  method: 'GET',
  path: '/keys',
  operation: 'ListKeys',
  summary: 'Public keys that the registry signs with, and those that it signed with before',
  budget: 'metadata',
  isOpen: true,
  answer: z.object({
    keys: z.array(signingKey),
  }),
  status: 200,
  async run({ libraries }) {
    return { keys: (await libraries.keys()).map(printKey) }
  },
})

export const rotateKey = libraryRoute({
  method: 'POST',
  path: '/keys',
  operation: 'RotateKey',
  summary: 'A new key signs from now on; what former ones have signed stands',
  budget: 'metadata',
  answers: { 403: 'Administrators alone' },
  answer: signingKey,
  status: 201,
  run: async ({ libraries }, { actor }) => printKey(await libraries.rotateKey(actor)),
})

function printKey({
  id,
  publicKey,
  createdAt,
  retiredAt,
}: {
  readonly id: string
  readonly publicKey: string
  readonly createdAt: number
  readonly retiredAt?: number
}) {
  return {
    key_id: id,
    algorithm: 'ed25519',
    public_key: publicKey,
    created_at: isoTime(createdAt),
    ...field('retired_at', retiredAt === undefined ? undefined : isoTime(retiredAt)),
  }
}
