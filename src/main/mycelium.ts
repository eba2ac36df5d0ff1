/**
 * The `mycelium` program: reads arguments, environment and signals, and runs one of the programs beside this file. Each is loaded when it is
 * wanted: whoever asks for help, or manages a store that is up, does not wait until all that a store consists of is there.
 */
import { Command, CommanderError } from 'commander'
import { adminCommands, adminSummaries } from '#main/admin-commands'
import { commandLine } from '#main/command-line'
import { exitCodes } from '#main/exit-codes'
import { explain } from '#main/explain'
import { exportSettings, readExportConfig } from '#main/export.config'
import { gcSettings, readGcConfig } from '#main/gc.config'
import { heroRedisSettings, readHeroRedisConfig } from '#main/hero-redis.config'
import { importSettings, readImportConfig } from '#main/import.config'
import { inspectSettings, readInspectConfig } from '#main/inspect.config'
import { killAt } from '#main/kill-at'
import { librariesSettings } from '#main/libraries.config'
import { migrateSettings, readMigrateConfig } from '#main/migrate-metadata.config'
import type { ProgramOptions } from '#main/offline'
import { watchOutput } from '#main/output'
import { readRebuildConfig, rebuildSettings } from '#main/rebuild.config'
import { readRegistryConfig, registrySettings } from '#main/registry.config'
import { readRotateConfig, rotateSettings } from '#main/rotate-keys.config'
import { type Given, readSettings, type Settings } from '#main/settings'
import { storeSettings } from '#main/store.config'
import { openTerminal } from '#main/terminal'
import { readUpConfig, upSettings } from '#main/up.config'
import { readVerifyConfig, verifySettings } from '#main/verify.config'
import { version } from '#main/version'
import { systemWorld } from '#world/system'

// As the launcher sets it, for those who come without: libuv reads it when the first thread is needed, so not too late here.
process.env['UV_THREADPOOL_SIZE'] ??= '32'

process.umask(0o077) // names stand in clear in the database: what we make is for its owner alone
const world = systemWorld(killAt(process.env['MYCELIUM_KILL_AT']))
const stop = new AbortController()

/** npm passes on to its script what a terminal has sent to both of them already: one Ctrl-C comes twice, a moment apart. */
const echoMs = process.env['npm_lifecycle_event'] === undefined ? 0 : 1_000
let toldAt: number | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const now = world.monotonic()
    if (toldAt !== undefined && now - toldAt >= echoMs) process.exit(exitCodes.forced)
    toldAt ??= now
    stop.abort()
  })
}

// A store goes on, and stops in order, whether somebody listens or not.
watchOutput(process.stdout, {
  onGone: () => {},
  onLost: (sentence) => {
    process.exitCode = exitCodes.unexpected
    process.stderr.write(`mycelium: ${sentence}\n`)
  },
})
process.stderr.on('error', () => {})

/** The terminal's cursor stands behind a progress line. */
let isMidLine = false

function print(text: string): void {
  if (isMidLine) process.stdout.write('\n')
  isMidLine = false
  process.stdout.write(text)
}

/** On a terminal, over the line before it; the next `print` begins a line of its own. */
function progress(text: string): void {
  if (process.stdout.isTTY !== true) return
  process.stdout.write(`\r\x1b[K${text}`)
  isMidLine = true
}

async function run<Config>(
  read: (given: Given) => Config,
  program: (options: ProgramOptions<Config>) => Promise<void>,
  flags: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    await program({
      config: read({ flags, env: process.env }),
      world,
      print,
      progress,
      commandLine: (args) => commandLine(args, process.env),
      stop: stop.signal,
    })
  } catch (error) {
    const { text, exitCode, remedy } = explain(error)
    const help = remedy === undefined ? '' : `\n  ${commandLine(remedy, process.env)}\n\n`
    process.stderr.write(`mycelium: ${text}\n${help}`)
    process.exitCode = exitCode
  }
}

/** Adds a command with a flag for every setting that has one; commander hands the flags over by setting name. */
function add<Config>(
  parent: Command,
  {
    name,
    summary,
    settings,
    read,
    program,
  }: {
    readonly name: string
    readonly summary: string
    readonly settings: Settings
    readonly read: (given: Given) => Config
    readonly program: (options: ProgramOptions<Config>) => Promise<void>
  },
): void {
  const command = parent.command(name).description(summary).allowExcessArguments(false)
  const names = new Map<string, string>()
  const places: string[] = []
  for (const [setting, { flag, argument, help = '' }] of Object.entries(settings)) {
    if (argument !== undefined) {
      command.argument(argument, help)
      places.push(setting)
    }
    if (flag === undefined) continue
    const option = command.createOption(flag, help)
    names.set(option.attributeName(), setting)
    command.addOption(option)
  }
  const variables = Object.values(settings).flatMap(({ flag, env = [] }) => (flag ? [] : env))
  command.addHelpText(
    'after',
    `\nRead from the environment too:\n${variables.map((name) => `  ${name}\n`).join('')}` +
      `  ${variables.length === 0 ? 'flags' : 'and flags'}, under names such as MYCELIUM_DATA\nAll of it: docs/operate/settings.md`,
  )
  command.action(async () => {
    const flags = Object.entries(command.opts<Record<string, unknown>>())
    const given = flags.map(([attribute, value]) => [names.get(attribute) ?? attribute, value])
    const placed = places.map((setting, place) => [setting, command.args[place]])
    await run(read, program, Object.fromEntries([...given, ...placed]))
  })
}

const mycelium = new Command('mycelium')
  .description('A storage network people run themselves.')
  .version(version, '--version')
  .exitOverride()
  .showHelpAfterError('(see --help)')

add(mycelium, {
  name: 'up',
  summary: 'run a whole store on this machine until Ctrl-C',
  settings: upSettings,
  read: readUpConfig,
  program: async (options) => {
    const { up } = await import('#main/up')
    await up({ ...options, env: process.env, isColoured: process.stdout.isTTY === true })
  },
})
add(mycelium, {
  name: 'hero-redis',
  summary: 'run a place for shards of links, without the rest, until Ctrl-C',
  settings: heroRedisSettings,
  read: readHeroRedisConfig,
  program: async (options) => {
    const { heroRedis } = await import('#main/hero-redis')
    await heroRedis(options)
  },
})
add(mycelium, {
  name: 'rebuild',
  summary: 'make the metadata database anew from the nodes',
  settings: rebuildSettings,
  read: readRebuildConfig,
  program: async (options) => (await import('#main/rebuild')).rebuildMetadata(options),
})
add(mycelium, {
  name: 'migrate-metadata',
  summary: 'move the metadata of a store that is not up from its file to PostgreSQL, or back',
  settings: migrateSettings,
  read: readMigrateConfig,
  program: async (options) => (await import('#main/migrate-metadata')).migrateMetadata(options),
})
add(mycelium, {
  name: 'gc',
  summary: 'collect all garbage of a store that is not up',
  settings: gcSettings,
  read: readGcConfig,
  program: async (options) => (await import('#main/gc')).gc(options),
})
add(mycelium, {
  name: 'verify',
  summary: 'look at every shard, chunk and object of a store that is not up',
  settings: verifySettings,
  read: readVerifyConfig,
  program: async (options) => (await import('#main/verify')).verify(options),
})
add(mycelium, {
  name: 'inspect',
  summary: 'show one object, chunk or shard as it really is',
  settings: inspectSettings,
  read: readInspectConfig,
  program: async (options) => (await import('#main/inspect')).inspect(options),
})
add(mycelium, {
  name: 'export',
  summary: 'write objects as files, or shards as records, from a store that is not up',
  settings: exportSettings,
  read: readExportConfig,
  program: async (options) => (await import('#main/export')).exportStore(options),
})
add(mycelium, {
  name: 'import',
  summary: 'copy buckets with their versions from any S3 endpoint into a store that is up',
  settings: importSettings,
  read: readImportConfig,
  program: async (options) => {
    const { importBuckets } = await import('#main/import')
    await importBuckets({ ...options, terminal: openTerminal(process) })
  },
})
add(mycelium, {
  name: 'registry',
  summary: "keep links' encrypted descriptions, in a file or on PostgreSQL, until Ctrl-C",
  settings: registrySettings,
  read: readRegistryConfig,
  program: async (options) => (await import('#main/registry')).runRegistry(options),
})
add(mycelium, {
  name: 'libraries',
  summary:
    'keep versioned libraries of Markdown, for whoever publishes and installs them, until Ctrl-C',
  settings: librariesSettings,
  read: (given) => given, // a file may say more
  program: async (options) => (await import('#main/libraries')).runLibraries(options),
})
const keys = mycelium.command('keys').description('the keys a store is sealed under')
add(keys, {
  name: 'rotate',
  summary: 'wrap the keyring under a new master key, or begin a new generation of keys',
  settings: rotateSettings,
  read: readRotateConfig,
  program: async (options) => (await import('#main/rotate-keys')).rotateKeys(options),
})
add(keys, {
  name: 'rewrap',
  summary: 'move the data keys of a store that is not up to the newest generation',
  settings: storeSettings,
  read: readGcConfig,
  program: async (options) => (await import('#main/rewrap-keys')).rewrapDataKeys(options),
})
const admin = mycelium.command('admin').description('users, keys and buckets of a store that is up')
const adminGroups = new Map<string, Command>()
for (const { group, settings, ...command } of adminCommands) {
  const parent = adminGroups.get(group) ?? admin.command(group).description(adminSummaries[group])
  adminGroups.set(group, parent)
  add(parent, {
    ...command,
    settings,
    read: (given) => readSettings(settings, given),
    program: async (options) => (await import('#main/admin')).administer(command, options),
  })
}

if (process.platform === 'win32') {
  process.stderr.write('mycelium: Windows is not supported. Use Linux; on Windows, WSL is one.\n')
  process.exit(exitCodes.platform)
}
try {
  await mycelium.parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.settings
}
