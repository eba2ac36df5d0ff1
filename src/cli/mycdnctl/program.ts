/** The arguments of `mycdnctl`: those of the older tool, with their defaults, and what is new. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseBytes } from '#bytes/size'
import type { CdnContext } from '#cli/mycdnctl/context'
import type { download } from '#cli/mycdnctl/download'
import type { ls } from '#cli/mycdnctl/ls'
import type { rm } from '#cli/mycdnctl/rm'
import type { upload } from '#cli/mycdnctl/upload'
import type { verify } from '#cli/mycdnctl/verify'
import type { CommandKind } from '#cli/program'
import type { ByteRange } from '#content/download'
import { chunkBytesMax, chunkBytesMin } from '#content/upload'

export const registryDefault = 'https://cdn.mycelium.grid.tf'
export const configDefault = 'config.toml'

/** Flags that every command knows, before and after its name. */
export interface CdnFlags {
  readonly registry?: string
  readonly config?: string
  readonly state?: string
  readonly allowPrivate?: true
  readonly json?: true
}

/** What is done. Of all that they need, a run loads what its own command does. */
export interface CdnCommands {
  readonly upload: typeof upload
  readonly download: typeof download
  readonly verify: typeof verify
  readonly ls: typeof ls
  readonly rm: typeof rm
}

export interface CdnProgramOptions {
  readonly version: string
  readonly commands: CdnCommands
  /** For help, and for mistakes in arguments. */
  readonly writeOut: (text: string) => void
  readonly writeErr: (text: string) => void
  /** Makes a context of the flags, runs the command in it, and tells what went wrong. */
  readonly run: (
    flags: CdnFlags,
    command: (context: CdnContext) => Promise<void>,
    kind: CommandKind,
  ) => Promise<void>
}

const help = `
Exit codes: 0 done, 1 unexpected, 2 usage or settings, 3 not found, 4 denied, 5 no answer, 6 no space,
7 partly failed, 8 damaged, 10 local file, 11 refused, 12 degraded, 130 interrupted.
All of it: docs/use/mycdnctl.md
`

export function createCdnProgram({
  version,
  commands,
  run,
  writeOut,
  writeErr,
}: CdnProgramOptions): Command {
  const program = new Command('mycdnctl')
    .description(
      'Stores files, encrypted and spread over several backends, and fetches them by their links.',
    )
    .version(version, '-V, --version')
    .configureOutput({ writeOut, writeErr })
    .option(
      '-r, --registry <url>',
      `registry of manifests (default: ${registryDefault}; of a link, its own)`,
    )
    .option(
      '-c, --config <path>',
      `settings: backends and their logins (default: ${configDefault})`,
    )
    .option('--state <directory>', 'where interrupted uploads are remembered')
    .option('--allow-private', 'follow links to private addresses that the settings do not have')
    .option('--json', 'for programs: lines of JSON on stdout, and the failure as JSON on stderr')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', help)

  program
    .command('upload')
    .description('store a file, a directory, or standard input (-), and print its link')
    .argument('<object>', 'file or directory, or - for standard input')
    .option('-m, --mime <type>', 'type of a file (default: by its content, or its name)')
    .option('-n, --name <name>', 'name in the link (default: that of the file)')
    .addOption(
      new Option('--chunk-size <bytes>', 'bytes of a block, 1048576 to 5242880')
        .argParser(parseChunkBytes)
        .default(chunkBytesMax),
    )
    .option('--include-password', 'put tokens of backends into the link', false)
    .option('-R, --recursive', 'take in directories within directories', false)
    .option('--private', 'keys by chance: nobody can confirm a guess at the content', false)
    .option('--resume', 'go on with the same upload that was interrupted', false)
    .action(async (object: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CdnFlags & UploadFlags>()
      const options = {
        mime: flags.mime,
        name: flags.name,
        chunkBytes: flags.chunkSize,
        includesTokens: flags.includePassword,
        isRecursive: flags.recursive,
        isPrivate: flags.private,
        goesOn: flags.resume,
      }
      await run(flags, (context) => commands.upload(context, object, options), 'deed')
    })

  program
    .command('download')
    .description('fetch what a link leads to')
    .argument('<link>')
    .option('-o, --output <path>', 'directory, or file, or - for stdout', '.')
    .option('--range <first-last>', 'only these bytes of a file, counted from 0', parseRange)
    .option('-f, --force', 'replace files that have the names which the link gives')
    .action(async (link: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CdnFlags & DownloadFlags>()
      const { output, range, force: replaces = false } = flags
      const kind = output === '-' ? 'output' : 'deed'
      await run(
        flags,
        (context) => commands.download(context, link, { output, range, replaces }),
        kind,
      )
    })

  program
    .command('verify')
    .description('say which shards of a link are there and right')
    .argument('<link>')
    .action(async (link: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CdnFlags>()
      await run(flags, (context) => commands.verify(context, link, { repairs: false }), 'output')
    })

  program
    .command('repair')
    .description('store missing and damaged shards again, in their places')
    .argument('<link>')
    .action(async (link: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CdnFlags>()
      await run(flags, (context) => commands.verify(context, link, { repairs: true }), 'deed')
    })

  program
    .command('ls')
    .description('say what a link leads to, without fetching it')
    .argument('<link>')
    .option(
      '-l, --long',
      'with exact sizes, for which a shard of each file is fetched, and links',
      false,
    )
    .action(async (link: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CdnFlags & LsFlags>()
      await run(flags, (context) => commands.ls(context, link, { isLong: flags.long }), 'output')
    })

  program
    .command('rm')
    .description('remove what a link leads to; without --force only say what would go')
    .argument('<link>')
    .option('-f, --force', 'remove it', false)
    .action(async (link: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CdnFlags & RmFlags>()
      await run(flags, (context) => commands.rm(context, link, { isForced: flags.force }), 'deed')
    })
  return program
}

/** As commander hands them over; each is made by the options above. */
interface UploadFlags {
  readonly mime?: string
  readonly name?: string
  readonly chunkSize: number
  readonly includePassword: boolean
  readonly recursive: boolean
  readonly private: boolean
  readonly resume: boolean
}
interface DownloadFlags {
  readonly output: string
  readonly range?: ByteRange
  readonly force?: true
}
interface LsFlags {
  readonly long: boolean
}
interface RmFlags {
  readonly force: boolean
}

function parseChunkBytes(text: string): number {
  const bytes = parseBytes(text)
  if (bytes !== undefined && bytes >= chunkBytesMin && bytes <= chunkBytesMax) return bytes
  throw new InvalidArgumentError(`Expected a size from ${chunkBytesMin} to ${chunkBytesMax} bytes.`)
}

/** `0-99`, `100-` */
function parseRange(text: string): ByteRange {
  const [, from = '', to = ''] = /^(\d{1,15})-(\d{0,15})$/.exec(text) ?? []
  const first = Number(from)
  const last = to === '' ? undefined : Number(to)
  if (from !== '' && (last === undefined || last >= first)) return { first, last }
  throw new InvalidArgumentError(
    'Expected FIRST-LAST, both included and counted from 0, or FIRST-.',
  )
}
