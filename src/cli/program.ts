/** The arguments of `cyxcloud`. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseBytes } from '#bytes/size'
import type { Context } from '#cli/context'
import { deleteKey } from '#cli/delete'
import { download } from '#cli/download'
import { list, listAllBuckets } from '#cli/list'
import { partBytesDefault } from '#cli/part-size'
import { status } from '#cli/status'
import { upload } from '#cli/upload'
import { partBytesMax, partBytesMin } from '#s3/limits'

export const lanesDefault = 4
export const lanesMax = 64

/** Flags that every command knows. */
export interface CommonFlags {
  readonly endpointUrl?: string
  readonly gateway?: string
  readonly profile?: string
  readonly region?: string
  /** False for `--no-sign-request`. */
  readonly signRequest: boolean
  readonly json?: true
  readonly parallel: number
  readonly passphraseFile?: string
  readonly keyFile?: string
}

/** There for what it does, or for what it writes to stdout: then it may end with whoever reads that. */
export type CommandKind = 'deed' | 'output'

export interface ProgramOptions {
  readonly version: string
  /** Makes a context of the flags, runs the command in it, and tells what went wrong. */
  readonly run: (
    flags: CommonFlags,
    command: (context: Context) => Promise<void>,
    kind: CommandKind,
  ) => Promise<void>
}

const help = `
Settings come from flags, then AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE and the profiles of the AWS CLI, then from the
store in this directory: http://127.0.0.1:9000 and ./data/aws-credentials.

Exit codes: 0 done, 1 unexpected, 2 usage, 3 not found, 4 denied, 5 no answer, 6 no space,
7 partly failed, 8 damaged, 9 passphrase or key file, 10 local file, 11 refused, 130 interrupted.
All of it: docs/use/cli.md
`

export function createProgram({ version, run }: ProgramOptions): Command {
  const program = new Command('cyxcloud')
    .description('Carries files to and from any S3 endpoint.')
    .version(version, '--version')
    .option('--endpoint-url <url>', 'S3 endpoint (default: http://127.0.0.1:9000)')
    .option('--gateway <url>', 'address of a gateway that has S3 below /s3, instead')
    .option('--profile <name>', 'profile of the AWS configuration to take keys and endpoint from')
    .option('--region <name>', 'region (default: us-east-1)')
    .option('--no-sign-request', 'ask without an access key')
    .option('--json', 'for programs: JSON on stdout, and the failure as JSON on stderr')
    .option('--parallel <count>', `transfers at a time, 1 to ${lanesMax}`, parseLanes, lanesDefault)
    .option('--passphrase-file <file>', 'passphrase of encrypted objects (or CYXCLOUD_PASSPHRASE)')
    .option('--key-file <file>', '32 bytes, instead of a passphrase')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', help)

  program
    .command('upload')
    .description('store a file, a directory with all below it, or standard input (-)')
    .argument('<path>', 'file or directory, or - for standard input')
    .option('-b, --bucket <name>', 'bucket; made when there is none', 'default')
    .option('-p, --prefix <prefix>', 'put before every key, with a slash between')
    .option('-k, --key <key>', 'key of a single file or of standard input (default: its name)')
    .option('-e, --encrypt', 'encrypt here, so that the store cannot read it')
    .addOption(
      new Option(
        '--part-size <size>',
        'parts of a large file, 5MiB to 5GiB; more where 10,000 would not do',
      )
        .argParser(parsePartBytes)
        .default(partBytesDefault, '16MiB'),
    )
    .option('--no-resume', 'send everything, whatever is there')
    .addHelpText(
      'after',
      '\n--json: a line of JSON per file, and for a directory one last line with the sums.',
    )
    .action(async (path: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & UploadFlags>()
      const options = {
        bucket: flags.bucket,
        prefix: flags.prefix,
        key: flags.key,
        isEncrypted: flags.encrypt === true,
        partBytes: flags.partSize,
        mayResume: flags.resume,
      }
      await run(flags, (context) => upload(context, path, options), 'deed')
    })

  program
    .command('download')
    .description('fetch one object, all of a prefix, or a whole bucket')
    .argument('<bucket>')
    .option('-k, --key <key>', 'the one object to fetch')
    .option('--prefix <prefix>', 'all objects whose key begins so')
    .option('-o, --output <path>', 'directory, or file for one object, or - for stdout', '.')
    .option('--no-resume', 'fetch everything, whatever is there')
    .addHelpText(
      'after',
      '\n--json: a line of JSON per object, and without -k one last line with the sums.',
    )
    .action(async (bucket: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & DownloadFlags>()
      const { key, prefix, output, resume } = flags
      const options = { bucket, key, prefix, output, mayResume: resume }
      const kind = output === '-' ? 'output' : 'deed'
      await run(flags, (context) => download(context, options), kind)
    })

  program
    .command('list')
    .description('show the keys of a bucket, or without one the buckets')
    .argument('[bucket]')
    .option('-p, --prefix <prefix>', 'only keys that begin so')
    .option('-l, --long', 'with size, time and ETag')
    .option('-H, --human-readable', 'sizes in KB, MB, GB (of 1,024)')
    .option('--max-keys <count>', 'show no more (default: all)', parseCount)
    .addHelpText('after', '\n--json: a line of JSON per object, or bucket.')
    .action(async (bucket: string | undefined, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & ListFlags>()
      const { prefix, maxKeys } = flags
      const isLong = flags.long === true
      const isHumanReadable = flags.humanReadable === true
      if (bucket === undefined) {
        const isAboutKeys = Object.keys(command.opts()).length > 0
        if (isAboutKeys) command.error('error: which bucket? These options are about its keys.')
        return await run(flags, listAllBuckets, 'output')
      }
      const options = { bucket, prefix, isLong, isHumanReadable, maxKeys }
      await run(flags, (context) => list(context, options), 'output')
    })

  program
    .command('delete')
    .description('delete an object; without --force only say what would go')
    .argument('<bucket>')
    .argument('[key]')
    .option('-k, --key <key>', 'the object to delete')
    .option('-f, --force', 'delete it')
    .addHelpText('after', '\n--json: one JSON document.')
    .action(async (bucket: string, place: string | undefined, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & DeleteFlags>()
      if (place !== undefined && flags.key !== undefined && place !== flags.key) {
        command.error('error: two different keys are given')
      }
      const key = flags.key ?? place
      const options = { bucket, key, isForced: flags.force === true }
      await run(flags, (context) => deleteKey(context, options), 'deed')
    })

  program
    .command('status')
    .description('whether the endpoint answers, and what is in a bucket')
    .option('-b, --bucket <name>', 'count this bucket')
    .option('-v, --verbose', 'with its newest objects')
    .addHelpText('after', '\n--json: one JSON document.')
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & StatusFlags>()
      const { bucket, verbose } = flags
      const options = { bucket, isVerbose: verbose === true }
      await run(flags, (context) => status(context, options), 'output')
    })
  return program
}

/** As commander hands them over; each is made by the options above. */
interface UploadFlags {
  readonly bucket: string
  readonly prefix?: string
  readonly key?: string
  readonly encrypt?: true
  readonly partSize: number
  readonly resume: boolean
}
interface DownloadFlags {
  readonly key?: string
  readonly prefix?: string
  readonly output: string
  readonly resume: boolean
}
interface ListFlags {
  readonly prefix?: string
  readonly long?: true
  readonly humanReadable?: true
  readonly maxKeys?: number
}
interface DeleteFlags {
  readonly key?: string
  readonly force?: true
}
interface StatusFlags {
  readonly bucket?: string
  readonly verbose?: true
}

function parseLanes(text: string): number {
  const lanes = /^\d{1,2}$/.test(text) ? Number(text) : 0
  if (lanes >= 1 && lanes <= lanesMax) return lanes
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${lanesMax}.`)
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a whole number, at least 1.')
}

function parsePartBytes(text: string): number {
  const bytes = parseBytes(text)
  if (bytes !== undefined && bytes >= partBytesMin && bytes <= partBytesMax) return bytes
  throw new InvalidArgumentError('Expected a size from 5MiB to 5GiB.')
}
