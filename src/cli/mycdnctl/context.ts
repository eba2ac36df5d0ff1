import type { Terminal } from '#cli/terminal'
import type { BackendAt, PlacedBackend } from '#content/backend'
import type { BlockCodec } from '#content/block-codec'
import type { BlockMemory } from '#content/block-memory'
import type { RegistryClient } from '#content/registry-client'
import type { ShardSource } from '#content/shard-source'
import type { World } from '#world/world'

/** What every command of `mycdnctl` works with. */
export interface CdnContext {
  readonly terminal: Terminal
  readonly world: World
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly isJson: boolean
  readonly stdin: () => AsyncIterable<Uint8Array>
  /** Resolves when more may be written. */
  readonly writeOut: (bytes: Uint8Array) => Promise<void>
  readonly codec: BlockCodec
  readonly blockMemory: BlockMemory
  /** The one that was named by flag or settings, or else the one of a link. */
  readonly registryFor: (link: { readonly registry: string } | undefined) => RegistryClient
  readonly source: ShardSource
  /** For shards of links: with our logins where the settings have them. */
  readonly backendAt: BackendAt
  /** Those of the settings. `cli/no-settings`, `cli/unknown-host` */
  readonly openUpload: (options: { readonly includesTokens: boolean }) => Promise<UploadSettings>
}

export interface UploadSettings {
  readonly backends: readonly PlacedBackend[]
  readonly requiredShards: number
  /** Where interrupted uploads are remembered. */
  readonly stateDirectory: string
}
