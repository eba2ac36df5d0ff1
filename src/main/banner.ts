/** What `mycelium up` says when it is ready: where it is, how safe it is, and lines that work when pasted. */
import { formatProfile, type Profile } from '#erasure/profile'
import { quoteWord } from '#main/command-line'

export interface BannerFacts {
  readonly version: string
  readonly s3Url: string
  readonly httpUrl: string
  /** When it is open. */
  readonly heroRedis: string | undefined
  readonly accessKeyId: string
  readonly credentialsPath: string
  readonly masterKeyOrigin: string
  readonly dataPath: string
  readonly nodesUp: number
  readonly nodes: number
  readonly profile: Profile
  readonly toleratedNodeLosses: number
  /** Variables of this environment that would hide the credentials file from AWS tools. */
  readonly hidingEnv: readonly string[]
  /** Anything that is not as it should be, a sentence each. */
  readonly warnings: readonly string[]
  readonly isColoured: boolean
  /** `cyxcloud` with these arguments, as it is called here. */
  readonly toolLine: (args: readonly string[]) => string
}

export type Row = readonly [name: string, value: string]

export function printBanner(facts: BannerFacts): string {
  const paint = facts.isColoured ? painted : plain
  const rows: readonly Row[] = [
    ['S3 endpoint', facts.s3Url],
    ['Local mount', `${facts.httpUrl}/s3   (no key needed from this machine)`],
    ['Libraries', `${facts.httpUrl}   (mdlibs login ${facts.httpUrl})`],
    ...(facts.heroRedis === undefined ? [] : [['Hero Redis', facts.heroRedis] as const]),
    ['Access key', facts.accessKeyId],
    ['Secret key', `in ${facts.credentialsPath}`],
    ['Master key', facts.masterKeyOrigin],
    ['', 'back it up: nothing can be read without it'],
    ['Data', facts.dataPath],
    ['Nodes', `${tellNodes(facts)}, profile ${formatProfile(facts.profile)}`],
    ['Durability', tellDurability(facts)],
    ['Status', `${facts.httpUrl}/health   ${facts.httpUrl}/metrics`],
  ]
  const lines = [
    '',
    paint.bold(`Mycelium ${facts.version} is up.`),
    '',
    ...printRows(rows, paint),
    ...printWarnings(facts, paint),
    '',
    'Try it:',
    '',
    ...printLines(facts).map((line) => `  ${paint.bold(line)}`),
    '',
    'Ctrl-C stops it.',
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** What `mycelium up --stand-by` says while another process serves. */
export interface StandByFacts
  extends Pick<
    BannerFacts,
    'version' | 's3Url' | 'httpUrl' | 'dataPath' | 'warnings' | 'isColoured'
  > {
  /** Where requests go; `undefined` while nobody serves. */
  readonly holder: string | undefined
}

export function printStandBy(facts: StandByFacts): string {
  const paint = facts.isColoured ? painted : plain
  const rows: readonly Row[] = [
    ['S3 endpoint', facts.s3Url],
    ['Forwards to', facts.holder ?? 'nobody yet: requests wait'],
    ['Data', facts.dataPath],
    ['Status', `${facts.httpUrl}/health   ${facts.httpUrl}/metrics`],
  ]
  const lines = [
    '',
    paint.bold(`Mycelium ${facts.version} stands by.`),
    '',
    ...printRows(rows, paint),
    ...printWarnings(facts, paint),
    '',
    'Another process has the store. This one forwards to it, and takes its place when it ends.',
    '',
    'Ctrl-C stops it.',
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** What the other servers say when they are ready. */
export function printServing({
  title,
  rows,
  warnings,
}: {
  readonly title: string
  readonly rows: readonly Row[]
  readonly warnings: readonly string[]
}): string {
  const lines = [...printRows(rows, plain), ...printWarnings({ warnings }, plain)]
  return `${['', title, '', ...lines, '', 'Ctrl-C stops it.', ''].join('\n')}\n`
}

function printRows(rows: readonly Row[], paint: Paint): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${paint.dim(name.padEnd(width))}  ${value}`)
}

function printWarnings(
  { warnings }: Pick<BannerFacts, 'warnings'>,
  paint: Paint,
): readonly string[] {
  return warnings.map((warning) => `\n  ${paint.loud('Warning')}  ${warning}`)
}

/** Every line is run, as printed and in this order, by a test. */
export function printLines(facts: BannerFacts): readonly string[] {
  const { s3Url, httpUrl, credentialsPath, hidingEnv, toolLine } = facts
  const aws = `aws --endpoint-url ${s3Url}`
  return [
    `export AWS_SHARED_CREDENTIALS_FILE=${quoteWord(credentialsPath)} AWS_DEFAULT_REGION=us-east-1`,
    ...(hidingEnv.length === 0 ? [] : [`unset ${hidingEnv.join(' ')}`]),
    `${aws} s3 mb s3://photos`,
    'echo "hello, mycelium" > hello.txt',
    `${aws} s3 cp hello.txt s3://photos/hello.txt`,
    `${aws} s3 cp s3://photos/hello.txt -`,
    toolLine(['list', 'photos', '--long', '--endpoint-url', s3Url]),
    `curl -T hello.txt ${httpUrl}/s3/first-bucket/hello.txt`,
    `curl ${httpUrl}/s3/first-bucket/hello.txt`,
  ]
}

function tellNodes({ nodesUp, nodes }: BannerFacts): string {
  return nodesUp === nodes ? `${nodes} up` : `${nodesUp} of ${nodes} up`
}

function tellDurability({ toleratedNodeLosses, nodesUp, nodes }: BannerFacts): string {
  if (toleratedNodeLosses === 0) return 'objects written now may not survive the loss of a node'
  const losses = `the loss of any ${toleratedNodeLosses} of ${nodesUp} nodes`
  return nodesUp === nodes ? `survives ${losses}` : `objects written now survive ${losses}`
}

/** They win over the credentials file. */
export const hidingNames = [
  'AWS_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
]

interface Paint {
  bold(text: string): string
  dim(text: string): string
  loud(text: string): string
}

const plain: Paint = { bold: String, dim: String, loud: String }
const painted: Paint = {
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
  loud: (text) => `\x1b[1;33m${text}\x1b[0m`,
}
