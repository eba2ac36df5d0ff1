/** The settings of `mycelium import`. */
import { z } from 'zod'
import {
  type Given,
  isGiven,
  parsedBy,
  type Rule,
  readSettings,
  type ValuesOf,
} from '#main/settings'
import { storeSettings } from '#main/store.config'
import { type BucketSetting, bucketSettings } from '#s3/bucket-settings'

export const importLanesMax = 64
const lanesDefault = 8

/** A bucket there, and what it is to be called here. */
export interface BucketPair {
  readonly source: string
  readonly target: string
}

const text = z.string()
const optional = text.optional()
const httpUrl = z.url({ protocol: /^https?$/, error: 'expected http://HOST:PORT or https://HOST' })

/** A policy names principals, which are others here; who wants it says so. */
const settingsDefault = bucketSettings.filter((name) => name !== 'policy')

export const importSettings = {
  data: storeSettings.data,
  from: {
    flag: '--from <url>',
    env: 'MYCELIUM_IMPORT_FROM',
    help: 'the S3 endpoint to copy from',
    schema: httpUrl,
  },
  region: {
    flag: '--region <name>',
    env: 'MYCELIUM_IMPORT_REGION',
    help: 'its region (default: us-east-1)',
    schema: text.default('us-east-1'),
  },
  accessKeyId: { env: 'MYCELIUM_IMPORT_ACCESS_KEY_ID', schema: optional },
  secretAccessKey: { env: 'MYCELIUM_IMPORT_SECRET_ACCESS_KEY', isSecret: true, schema: optional },
  sessionToken: { env: 'MYCELIUM_IMPORT_SESSION_TOKEN', isSecret: true, schema: optional },
  to: {
    flag: '--to <url>',
    env: 'MYCELIUM_IMPORT_TO',
    help: 'the S3 endpoint to copy to (default: the store in --data, which is up)',
    schema: httpUrl.optional(),
  },
  toAccessKeyId: { env: 'MYCELIUM_IMPORT_TO_ACCESS_KEY_ID', schema: optional },
  toSecretAccessKey: {
    env: 'MYCELIUM_IMPORT_TO_SECRET_ACCESS_KEY',
    isSecret: true,
    schema: optional,
  },
  buckets: {
    flag: '--buckets <list>',
    help: 'which, as a,b=c: a under its own name, b as c (default: all)',
    schema: parsedBy(parsePairs, 'names as a,b=c, none of them twice').optional(),
  },
  prefix: { flag: '--prefix <text>', help: 'only keys that begin so', schema: text.default('') },
  latestOnly: {
    flag: '--latest-only',
    help: 'only what is current, no former versions and no delete markers',
    schema: isGiven,
  },
  settings: {
    flag: '--settings <list>',
    help: `which settings of buckets, of ${bucketSettings.join(',')}, or none (default: all but policy)`,
    schema: parsedBy(parseSettings, `some of ${bucketSettings.join(',')}, or none`).default(
      settingsDefault,
    ),
  },
  lanes: {
    flag: '--parallel <count>',
    help: `keys at a time, 1 to ${importLanesMax} (default: ${lanesDefault})`,
    schema: parsedBy(parseLanes, `1 to ${importLanesMax}`).default(lanesDefault),
  },
  state: {
    flag: '--state <file>',
    help: 'where to remember what is done (default: ./mycelium-import.sqlite)',
    schema: text.default('./mycelium-import.sqlite'),
  },
  dryRun: { flag: '--dry-run', help: 'look and report, copy nothing', schema: isGiven },
  json: { flag: '--json', help: 'print the report as one JSON document', schema: isGiven },
}
export type ImportConfig = ValuesOf<typeof importSettings>

function parsePairs(list: string): readonly BucketPair[] | undefined {
  const pairs = list.split(',').map((name): BucketPair => {
    const [source = '', target = source] = name.trim().split('=')
    return { source, target }
  })
  const isWhole = pairs.every(({ source, target }) => source !== '' && target !== '')
  const areDistinct = new Set(pairs.map(({ target }) => target)).size === pairs.length
  return isWhole && areDistinct ? pairs : undefined
}

function parseSettings(list: string): readonly BucketSetting[] | undefined {
  if (list === 'none') return []
  const names = list.split(',').map((name) => name.trim())
  const known = bucketSettings.filter((setting) => names.includes(setting))
  return known.length === new Set(names).size ? known : undefined
}

function parseLanes(count: string): number | undefined {
  return /^\d{1,2}$/.test(count) && Number(count) >= 1 && Number(count) <= importLanesMax
    ? Number(count)
    : undefined
}

const wholeKeys: Rule<typeof importSettings> = (values) =>
  (
    [
      ['accessKeyId', 'secretAccessKey'],
      ['toAccessKeyId', 'toSecretAccessKey'],
    ] as const
  ).flatMap(([id, secret]) =>
    (values[id] === undefined) === (values[secret] === undefined)
      ? []
      : [`${importSettings[id].env} and ${importSettings[secret].env}: set both, or none`],
  )

const keysOfTarget: Rule<typeof importSettings> = ({ to, toAccessKeyId }) =>
  to === undefined || toAccessKeyId !== undefined
    ? []
    : [`--to needs ${importSettings.toAccessKeyId.env} and ${importSettings.toSecretAccessKey.env}`]

const namedBuckets: Rule<typeof importSettings> = ({ accessKeyId, buckets }) =>
  accessKeyId === undefined && buckets === undefined
    ? [`without ${importSettings.accessKeyId.env}, --buckets has to name what everybody may read`]
    : []

/** `main/mistaken-settings`: all mistakes at once. */
export function readImportConfig(given: Given): ImportConfig {
  return readSettings(importSettings, given, [wholeKeys, keysOfTarget, namedBuckets])
}
