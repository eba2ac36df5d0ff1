/** The arguments of the commands that show and change settings. */
import type { Command } from 'commander'
import { getConfig, listConfig, setConfig, unsetConfig } from '#cli/mdlibs/config-settings'
import { action, type MdlibsFlags, type Run } from '#cli/mdlibs/flags'
import { trustRegistry } from '#cli/mdlibs/registry-keys'
import {
  addRegistry,
  listRegistries,
  removeRegistry,
  setDefaultRegistry,
} from '#cli/mdlibs/registry-settings'

export function addRegistryCommands(program: Command, run: Run): void {
  const registry = program.command('registry').description('the registries you use')
  registry
    .command('add')
    .description('use a registry; the first is the default')
    .argument('<name>')
    .argument('<url>')
    .action(async (name: string, url: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags>()
      await run(flags, (context) => addRegistry(context, { name, url }))
    })
  registry
    .command('list')
    .description('show them; * is the one that is used here')
    .action(async (_own: unknown, command: Command) => {
      await run(command.optsWithGlobals<MdlibsFlags>(), listRegistries)
    })
  registry
    .command('remove')
    .description('use one no more')
    .argument('<name>')
    .action(async (name: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags>()
      await run(flags, (context) => removeRegistry(context, name))
    })
  registry
    .command('set-default')
    .description('use it where nothing else is said')
    .argument('<name>')
    .action(async (name: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags>()
      await run(flags, (context) => setDefaultRegistry(context, name))
    })
  addTrust(registry, run)
}

function addTrust(registry: Command, run: Run): void {
  registry
    .command('trust')
    .description('take the keys that a registry signs with now, after you have made sure of them')
    .argument('[name or url]')
    .action(
      action(run, (context, [named]) =>
        trustRegistry(named === undefined ? context : { ...context, registryFlag: () => named }),
      ),
    )
}

export function addConfigCommands(program: Command, run: Run): void {
  const config = program.command('config').description('settings, and where they come from')
  config
    .command('list')
    .description('show all of them')
    .action(async (_own: unknown, command: Command) => {
      await run(command.optsWithGlobals<MdlibsFlags>(), listConfig)
    })
  config
    .command('get')
    .description('show one')
    .argument('<key>', 'timeout, cafile, libraries or scopes.@SCOPE')
    .action(async (key: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags>()
      await run(flags, (context) => getConfig(context, key))
    })
  config
    .command('set')
    .description('set one, in your own file')
    .argument('<key>', 'timeout, cafile, libraries or scopes.@SCOPE')
    .argument('<value>')
    .action(async (key: string, value: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags>()
      await run(flags, (context) => setConfig(context, { key, value }))
    })
  config
    .command('unset')
    .description('take one out of your own file')
    .argument('<key>')
    .action(async (key: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MdlibsFlags>()
      await run(flags, (context) => unsetConfig(context, key))
    })
}
