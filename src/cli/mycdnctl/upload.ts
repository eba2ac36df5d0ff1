/** `mycdnctl upload`: a file, a directory or standard input becomes a link. */
import { resolve } from 'node:path'
import { interruptible } from '#cli/batch'
import { cliFault } from '#cli/faults'
import type { CdnContext, UploadSettings } from '#cli/mycdnctl/context'
import { cdnFault } from '#cli/mycdnctl/faults'
import { hasJournal, Journal, journalPath } from '#cli/mycdnctl/journal'
import {
  type DirectoryNode,
  type FileNode,
  filesOf,
  readBlocks,
  scan,
  type TreeNode,
  withRoom,
} from '#cli/mycdnctl/tree'
import { newProgress, type Progress, showProgress } from '#cli/progress'
import { type RoomyBlock, RoomyBlocks } from '#content/block-memory'
import { blocksMax, entriesMax, keepManifest } from '#content/manifest'
import { mimeOfName } from '#content/mime-type'
import { referencesOf } from '#content/reference'
import { parseS3Place } from '#content/s3-place'
import type { SealedMetadata } from '#content/seal'
import { transferFault } from '#content/transfer-faults'
import {
  chunkBytesMax,
  findSilent,
  type MissingShard,
  type StoredFile,
  storeFile,
  type UploadParts,
} from '#content/upload'
import { inLanes } from '#stream/lanes'
import { Permits } from '#stream/permits'
import { split } from '#stream/split'

export interface UploadOptions {
  readonly mime: string | undefined
  readonly name: string | undefined
  readonly chunkBytes: number
  readonly includesTokens: boolean
  readonly isRecursive: boolean
  readonly isPrivate: boolean
  readonly goesOn: boolean
}

/** Files at a time. */
const fileLanes = 4
/** Plaintext of blocks that are on their way at a time, of all files together. With shards of 5 from 3, some 110 MB are held. */
const memoryBytes = 8 * chunkBytesMax

const goesOn = 'Run the same command with --resume: it goes on where it stopped.'

/** `path` may be `-`. */
export async function upload(
  context: CdnContext,
  path: string,
  options: UploadOptions,
): Promise<void> {
  const root = await findRoot(context, path, options)
  const settings = await context.openUpload(options)
  tellWarnings(context, options, settings)
  checkSizes(root, { ...options, settings })
  await interruptible(context, goesOn, async () => {
    await tellSilent(context, settings)
    const stored = journalPath(settings.stateDirectory, identityOf(path, options, settings))
    if (!options.goesOn && (await hasJournal(stored))) {
      context.terminal.warn(
        'An earlier upload of this was interrupted; --resume would have gone on with it. This one begins anew.',
      )
    }
    await using journal = await Journal.open(stored, options)
    const uploading = new Uploading(context, { options, settings, journal, root })
    const objects = await uploading.run()
    await journal.forget()
    tell(context, objects)
  })
}

/** Standard input has no file behind it. */
type UploadRoot = TreeNode | { readonly kind: 'pipe'; readonly name: string; readonly place: '' }

async function findRoot(
  { terminal }: CdnContext,
  path: string,
  { name, isRecursive }: UploadOptions,
): Promise<UploadRoot> {
  if (path === '-') {
    if (name !== undefined) return { kind: 'pipe', name, place: '' }
    const mistakes = 'Standard input has no name: give one with --name.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  return await scan(path, {
    name,
    isRecursive,
    onSkipped: (skipped, isDirectory) => {
      const hint = isDirectory ? ' (--recursive takes directories in)' : ''
      terminal.warn(`Directory item at ${skipped} is not a regular file${hint}`)
    },
  })
}

/** Before a shard is sent. `content/manifest-too-large` */
function checkSizes(
  root: UploadRoot,
  {
    chunkBytes,
    settings,
  }: Pick<UploadOptions, 'chunkBytes'> & { readonly settings: UploadSettings },
): void {
  if (root.kind === 'pipe') return
  const locations = settings.backends.map(({ location }) => location)
  const visit = (node: TreeNode): void => {
    const { name } = node
    if (node.kind === 'file') {
      const most = blocksMax(name, locations)
      if (node.file.bytes > most * chunkBytes) {
        throw transferFault('content/manifest-too-large', { name, blocksMax: most })
      }
      return
    }
    if (node.entries.length > entriesMax(name)) {
      throw transferFault('content/manifest-too-large', { name, entriesMax: entriesMax(name) })
    }
    node.entries.forEach(visit)
  }
  visit(root)
}

function tellWarnings(
  { terminal }: CdnContext,
  { includesTokens }: UploadOptions,
  { backends }: UploadSettings,
): void {
  if (includesTokens) {
    terminal.warn(
      'Warning: --include-password puts the tokens of backends into the link: whoever has it can do there what they allow, writing and deleting too.',
    )
  }
  if (backends.some(({ location }) => parseS3Place(location.token) !== undefined)) {
    terminal.warn('Shards in buckets are read by mycdnctl only, not by other readers of links.')
  }
}

async function tellSilent(
  { terminal }: CdnContext,
  { backends, requiredShards }: UploadSettings,
): Promise<void> {
  const silent = await findSilent(backends)
  const [first] = silent
  if (first === undefined) return
  const total = backends.length
  const stored = total - silent.length
  if (stored < requiredShards) {
    throw transferFault('content/too-few-backends', {
      ...{ stored, required: requiredShards, total },
      ...first,
    })
  }
  for (const { backend, reason } of silent) {
    terminal.warn(`${backend} does not answer (${reason}): its shards will be missing.`)
  }
}

function identityOf(
  path: string,
  { name, chunkBytes, isPrivate, isRecursive, includesTokens }: UploadOptions,
  { backends, requiredShards }: UploadSettings,
) {
  return [
    path === '-' ? path : resolve(path),
    ...[name, chunkBytes, isPrivate, isRecursive, includesTokens, requiredShards],
    ...backends.map(
      ({ backend, location: { host, port, db } }) => `${backend.name} ${host} ${port} ${db}`,
    ),
  ]
}

/** An object that a registry has. */
interface SavedObject {
  readonly kind: 'file' | 'directory'
  readonly name: string
  readonly place: string
  readonly sealed: SealedMetadata
  readonly bytes: number
  readonly registry: string
  /** Of a file. */
  readonly missing: readonly MissingShard[]
  /** Nothing is missing, of whatever lies in it neither. */
  readonly isWhole: boolean
}

class Uploading {
  readonly #context: CdnContext
  readonly #options: UploadOptions
  readonly #settings: UploadSettings
  readonly #journal: Journal
  readonly #root: UploadRoot
  readonly #parts: UploadParts
  readonly #saved = new Map<string, SavedObject>()

  constructor(
    context: CdnContext,
    {
      options,
      settings,
      journal,
      root,
    }: {
      readonly options: UploadOptions
      readonly settings: UploadSettings
      readonly journal: Journal
      readonly root: UploadRoot
    },
  ) {
    const { backends, requiredShards } = settings
    const { codec, blockMemory, world, signal } = context
    const memory = new Permits(memoryBytes)
    const coding = { required: requiredShards, total: backends.length }
    const roomyBlocks = new RoomyBlocks(blockMemory, coding)
    this.#context = context
    this.#options = options
    this.#settings = settings
    this.#journal = journal
    this.#root = root
    this.#parts = { backends, requiredShards, codec, memory, roomyBlocks, world, signal }
  }

  /** All objects in order: those in a directory, then the directory. */
  async run(): Promise<readonly SavedObject[]> {
    const root = this.#root
    const files = root.kind === 'pipe' ? [] : filesOf(root)
    const bytesTotal = files.reduce((sum, { file }) => sum + file.bytes, 0)
    const progress = newProgress(root.name, {
      ...(root.kind === 'pipe' ? {} : { bytesTotal }),
      ...(root.kind === 'directory' ? { filesTotal: files.length } : {}),
    })
    return await showProgress(this.#context, progress, async () => {
      if (root.kind === 'pipe') return [await this.#savePipe(root.name, progress)]
      await inLanes(files, fileLanes, async (node) => {
        const { bytes } = node.file
        const source = readBlocks(node.file, this.#options.chunkBytes, this.#parts.roomyBlocks)
        this.#saved.set(node.place, await this.#saveFile(node, { source, bytes, progress }))
        progress.filesDone += 1
      })
      if (root.kind === 'directory') return await this.#saveDirectory(root)
      return [...this.#saved.values()]
    })
  }

  async #savePipe(name: string, progress: Progress): Promise<SavedObject> {
    const { stdin } = this.#context
    const { chunkBytes } = this.#options
    const source = withRoom(
      split(stdin(), () => chunkBytes),
      this.#parts.roomyBlocks,
    )
    return await this.#saveFile({ name, place: '' }, { source, bytes: undefined, progress })
  }

  async #saveFile(
    { name, place }: Pick<FileNode, 'name' | 'place'>,
    {
      source,
      bytes,
      progress,
    }: {
      readonly source: AsyncIterable<RoomyBlock>
      readonly bytes: number | undefined
      readonly progress: Progress
    },
  ): Promise<SavedObject> {
    const { chunkBytes, isPrivate, mime } = this.#options
    const locations = this.#settings.backends.map(({ location }) => location)
    const lots = this.#journal.lotsOf(place)
    const stored: StoredFile = await storeFile(
      source,
      {
        ...{ name, chunkBytes, isPrivate, lots },
        mime: this.#root.kind === 'directory' ? undefined : mime,
        mimeOfName: mimeOfName(name),
        blockBytesMax: Math.min(chunkBytes, bytes ?? chunkBytes),
        blocksMax: blocksMax(name, locations),
        onStored: (moved) => {
          progress.bytesMoved += moved
        },
      },
      this.#parts,
    )
    const { metadata, missing } = stored
    const isWhole = missing.length === 0
    return await this.#keep(metadata, { place, bytes: stored.bytes, missing, isWhole })
  }

  /** Its own entries first, as a registry must have them before somebody sees the directory. */
  async #saveDirectory({ name, place, entries }: DirectoryNode): Promise<readonly SavedObject[]> {
    const within: SavedObject[] = []
    const files: SealedMetadata[] = []
    for (const entry of entries) {
      const objects =
        entry.kind === 'directory'
          ? await this.#saveDirectory(entry)
          : [this.#saved.get(entry.place)].filter((object) => object !== undefined)
      within.push(...objects)
      files.push(...objects.slice(-1).map(({ sealed }) => sealed))
    }
    const metadata = {
      kind: 'directory',
      name,
      files: files.map(({ hash, key }) => ({ hash, key })),
    } as const
    const bytes = within.reduce(
      (sum, object) => sum + (object.kind === 'file' ? object.bytes : 0),
      0,
    )
    const isWhole = within.every((object) => object.isWhole)
    const facts = { place: `${place}/`, bytes, missing: [], isWhole }
    return [...within, await this.#keep(metadata, facts)]
  }

  async #keep(
    metadata: Parameters<typeof keepManifest>[0],
    facts: Pick<SavedObject, 'place' | 'bytes' | 'missing' | 'isWhole'>,
  ): Promise<SavedObject> {
    const { world, registryFor } = this.#context
    const registry = registryFor(undefined)
    const lots = this.#journal.lotsOf(facts.place)
    const sealed = await keepManifest(metadata, { registry, lots, world })
    const { kind, name } = metadata
    return { kind, name, sealed, registry: registry.origin, ...facts }
  }
}

/** Every object, and then what is wrong with them. `mycdnctl/degraded` */
function tell(context: CdnContext, objects: readonly SavedObject[]): void {
  for (const object of objects) tellObject(context, object)
  const missing = objects.flatMap((object) => object.missing)
  const [first] = missing
  if (first === undefined) return
  const root = objects.at(-1)
  const link = root === undefined ? '' : referencesOf(linkOf(root)).fragment
  throw cdnFault('mycdnctl/degraded', {
    shards: missing.length,
    reason: `${first.backend}: ${first.reason}`,
    hint: `When the backends are back: mycdnctl repair '${link}'`,
  })
}

function linkOf({ sealed: { hash, key }, registry }: SavedObject) {
  return { hash, key, registry }
}

function tellObject({ terminal, isJson }: CdnContext, object: SavedObject): void {
  const { kind, name, place, sealed, bytes, missing } = object
  const { query, fragment } = referencesOf(linkOf(object))
  const state = object.isWhole ? 'saved' : 'degraded'
  if (isJson) {
    const { hash, key } = { hash: sealed.hash.toHex(), key: sealed.key.toHex() }
    const facts = { event: 'uploaded', state, kind, name, place, bytes, hash, key }
    terminal.print(
      JSON.stringify({ ...facts, url: query, link: fragment, missingShards: missing.length }),
    )
    return
  }
  terminal.print(`Object ${name} ${state}. Url: ${query ?? fragment}`)
  terminal.warn(
    query === undefined
      ? 'A registry that is named by its address has no hosts for links below it: mycdnctl reads this one, browsers and other readers do not.'
      : `  the key seen by no server: ${fragment}`,
  )
}
