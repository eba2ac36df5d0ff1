/** Opening a store that is not up, for a command that works on it and ends. */
import { mainFault } from '#main/faults'
import type { GcConfig } from '#main/gc.config'
import { type OpenedStore, openStore } from '#main/store'
import { nodesDefault } from '#main/up.config'
import { openTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

export interface ProgramOptions<Config> {
  readonly config: Config
  readonly world: World
  readonly print: (text: string) => void
  /** Tells how far a long work is, each time in place of the last; to nobody where there is no terminal. */
  readonly progress: (text: string) => void
  /** A command of ours as it can be pasted here. */
  readonly commandLine: (args: readonly string[]) => string
  readonly stop: AbortSignal
}

/** What opening needs of a command's settings. */
type OfflineConfig = Omit<GcConfig, 'collectRate'>

/** With its own profile and nodes, whatever they are; nothing is added or replaced. */
export async function openOffline(
  { config, world }: Pick<ProgramOptions<OfflineConfig>, 'config' | 'world'>,
  program: string,
): Promise<OpenedStore> {
  return await openStore({
    settings: {
      ...config,
      nodes: undefined,
      profile: undefined,
      storageClasses: undefined,
      strictPlacement: false,
      replaceLost: false,
      engine: 'files',
    },
    program,
    nodesDefault,
    world,
    telemetry: openTelemetry({ level: config.logLevel, metrics: false, world }),
    mustExist: true,
  })
}

/** `main/witnesses-missing` while nodes that are away may know more than the database: for whoever takes something away for good. */
export function requireWitnesses({ changelog }: Pick<OpenedStore, 'changelog'>): void {
  const missing = changelog.witnessesMissing()
  if (missing.length > 0) throw mainFault('main/witnesses-missing', { nodes: missing.join(', ') })
}
