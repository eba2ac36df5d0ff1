import type { Places } from '#cli/mdlibs/places'
import type { Settings } from '#cli/mdlibs/settings'
import type { Terminal } from '#cli/terminal'
import type { World } from '#world/world'

/** What every command of `mdlibs` works with. */
export interface MdlibsContext {
  readonly terminal: Terminal
  readonly world: World
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** One JSON document on stdout, and nothing else there. */
  readonly isJson: boolean
  /** Nothing but what was asked for, and failures. */
  readonly isQuiet: boolean
  /** Where the command was called. */
  readonly directory: string
  /** Read when they are first asked for: what knows documents only needs none, right or wrong. */
  readonly settings: () => Promise<Settings>
  /** `--registry`, a name or an address. `cli/mistaken-usage` when there are several. */
  readonly registryFlag: () => string | undefined
  /** `undefined` where there is nobody to ask. */
  readonly ask: Asking | undefined
  readonly stdin: () => AsyncIterable<Uint8Array>
  /** Nobody else changes the project until what is returned is disposed of. */
  readonly holdProject: () => Promise<Disposable>
  readonly trust: Trust
  /** What registries are told who asks: `mdlibs/1.0.0`. */
  readonly userAgent: string
}

/** Resolves when nobody else holds the project whose directory this is. `cli/file-unusable`; rejects with the signal's reason. */
export type ProjectLocker = (
  root: string,
  options: {
    readonly places: Pick<Places, 'cache'>
    readonly world: World
    readonly signal: AbortSignal
    /** Somebody holds it. */
    readonly onWait: () => void
  },
) => Promise<Disposable>

/** Whose certificates are good, for all connections of this process. */
export interface Trust {
  /** PEM, of authorities. Throws when there is none in it. */
  also(certificates: string): void
  /** Everybody's. */
  anybody(): void
}

export interface Asking {
  line(question: string): Promise<string>
  /** What is typed is not shown. */
  hidden(question: string): Promise<string>
}
