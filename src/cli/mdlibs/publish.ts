/** `mdlibs publish` and `mdlibs pack`: a library becomes an archive, and the archive a version that others get. */
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { cliFault } from '#cli/faults'
import { fileFault } from '#cli/local-file'
import { libraryFacts, publishedVersion } from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { findingLine } from '#cli/mdlibs/info'
import { findRoot } from '#cli/mdlibs/library-root'
import { pathOf } from '#cli/mdlibs/library-spec'
import { openAccess } from '#cli/mdlibs/open-registry'
import { ownHandle } from '#cli/mdlibs/own-handle'
import { type ManifestChanges, type PackedLibrary, packLibrary } from '#cli/mdlibs/pack-library'
import { showing } from '#cli/mdlibs/place-libraries'
import { accessRegistry } from '#cli/mdlibs/registry-access'
import type { Query, RegistryApi } from '#cli/mdlibs/registry-api'
import { checkSignature, trustedKeys } from '#cli/mdlibs/registry-keys'
import { give, note, tell } from '#cli/mdlibs/say'
import { exchangeIdToken, findIdToken } from '#cli/mdlibs/trusted-publishing'
import { newProgress } from '#cli/progress'
import { plural, printSize } from '#cli/units'
import { isFault } from '#fault/fault'
import { formatLibraryRef, type LibraryRef, parseScope } from '#library/name'
import { parseProvenance, speaksOf } from '#library/provenance'
import type { Finding } from '#library/scan'
import { formatDigest } from '#library/tree-digest'

export interface PackCommandOptions {
  readonly changes: ManifestChanges
  readonly allowsScripts: boolean
  /** File or directory; `NAME-VERSION.tar.gz` here otherwise. */
  readonly output: string | undefined
}

export interface PublishOptions extends Omit<PackCommandOptions, 'output'> {
  readonly isDryRun: boolean
  /** Whose it is, when the manifest does not say. */
  readonly scope: string | undefined
  readonly visibility: string | undefined
  readonly confirmsPublic: boolean
  /** A dist-tag. */
  readonly tag: string | undefined
  /** A file with a bundle that says how the archive came to be. */
  readonly provenance: string | undefined
}

export async function pack(
  context: MdlibsContext,
  { output, ...options }: PackCommandOptions,
): Promise<void> {
  await using packed = await packLibrary(context, {
    ...options,
    root: await rootOf(context),
    scans: false,
  })
  const { name, version } = packed.manifest
  const target = await targetOf(context, { output, name: `${name}-${version}.tar.gz` })
  const pieces: Uint8Array[] = []
  for await (const piece of packed.open()) pieces.push(piece)
  await writeFile(target, pieces).catch((cause) => {
    throw fileFault(target, cause)
  })
  const facts = { ...factsOf(packed), archive: relative(context.directory, target) }
  give(context, facts, [...filesTold(packed), `✓ ${facts.archive}`])
}

/** `mdlibs/no-project`, `mdlibs/not-logged-in`, `mdlibs/not-confirmed`, and what registries refuse. */
export async function publish(context: MdlibsContext, options: PublishOptions): Promise<void> {
  const root = await rootOf(context)
  const scans = options.isDryRun // otherwise the registry does
  await using packed = await packLibrary(context, { ...options, root, scans })
  for (const warning of packed.warnings) note(context, `Note: ${warning}`)
  const provenance = await readProvenance(context, { path: options.provenance, packed })
  if (options.isDryRun) {
    const { manifest, inspection } = packed
    const scope = options.scope ?? manifest.scope
    const library =
      scope === undefined ? manifest.name : `@${scope.replace(/^@/, '')}/${manifest.name}`
    return give(context, { library, ...factsOf(packed), dry_run: true }, [
      `${library} ${manifest.version} (dry run: nothing is published)`,
      ...filesTold(packed),
      ...findingsTold(inspection.findings),
    ])
  }
  const given = options.scope ?? packed.manifest.scope
  const scope = given === undefined ? undefined : parseScope(given)
  const { name } = packed.manifest
  const api = await openForPublish(context, scope === undefined ? undefined : { scope, name })
  const ref = { scope: scope ?? parseScope(await ownHandle(api)), name }
  tell(context, `Publishing ${formatLibraryRef(ref)} ${packed.manifest.version} at ${api.origin}`)
  const facts = await send(context, { api, ref, packed, provenance, options })
  checkSignature(await trustedKeys(context, api), facts, { registry: api.origin })
  const { visibility } = await api.json(pathOf(ref), { schema: libraryFacts })
  report(context, { ref, facts, origin: api.origin, visibility })
}

/** Without a token of one's own, the one that a build is given. `ref` is unknown while only the registry knows who asks. */
async function openForPublish(
  context: MdlibsContext,
  ref: LibraryRef | undefined,
): Promise<RegistryApi> {
  const access = await accessRegistry(context, ref === undefined ? {} : { scope: ref.scope })
  const { origin: registry, tokenIsFor } = access
  if (access.token !== undefined) return await openAccess(context, access)
  const idToken = await findIdToken(context, access)
  if (idToken === undefined) throw mdlibsFault('mdlibs/not-logged-in', { registry, tokenIsFor })
  if (ref === undefined) {
    const mistakes =
      'A build says whose library it is: name = "@scope/name" in .mdlibs.toml, or --scope.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  const library = formatLibraryRef(ref)
  const token = await exchangeIdToken(await openAccess(context, access), { idToken, library })
  return await openAccess(context, { ...access, token })
}

/** What is only worth knowing is counted. */
function findingsTold(findings: readonly Finding[]): readonly string[] {
  const grave = findings.filter(({ severity }) => severity !== 'info')
  const rest = findings.length - grave.length
  return [
    ...(grave.length > 0 ? ['', 'A scanner would say:', ...grave.map(findingLine)] : []),
    ...(rest > 0
      ? ['', `${plural(rest, 'remark')} of a scanner that weigh nothing: --json has them.`]
      : []),
  ]
}

interface Sending {
  readonly api: RegistryApi
  readonly ref: LibraryRef
  readonly packed: PackedLibrary
  readonly provenance: Uint8Array | undefined
  readonly options: PublishOptions
}

/** Asks, where somebody can be asked, whether everybody may read it: registries want that said once for each library. */
async function send(context: MdlibsContext, sending: Sending) {
  const { options, ref } = sending
  try {
    return await upload(context, sending, { confirmsPublic: options.confirmsPublic })
  } catch (error) {
    if (!isFault(error, 'mdlibs/refused') || error.detail['reason'] !== 'CONFIRMATION_REQUIRED') {
      throw error
    }
  }
  const library = formatLibraryRef(ref)
  const answer = await context.ask?.line(`Everybody could read ${library}. Publish it? [y/N] `)
  if (!/^y(?:es)?$/i.test(answer?.trim() ?? ''))
    throw mdlibsFault('mdlibs/not-confirmed', { library })
  return await upload(context, sending, { confirmsPublic: true })
}

async function upload(
  context: MdlibsContext,
  { api, ref, packed, provenance, options }: Sending,
  { confirmsPublic }: { readonly confirmsPublic: boolean },
) {
  const { inspection, manifest } = packed
  const { visibility, tag } = options
  const progress = newProgress(`${manifest.name}-${manifest.version}`, {
    bytesTotal: inspection.packedBytes,
  })
  const onSent = (bytes: number): void => {
    progress.bytesMoved = Math.min(bytes, inspection.packedBytes)
  }
  const query = { visibility, tag, confirm_public: confirmsPublic ? 'true' : undefined }
  const common = { schema: publishedVersion, onSent }
  if (provenance !== undefined) {
    const form = formOf(context, { ref, packed, provenance, query })
    return await showing(context, progress, () => api.upload('/libraries', { ...common, ...form }))
  }
  const base64 = Buffer.from(inspection.digest).toString('base64')
  const headers = { 'content-type': 'application/gzip', 'repr-digest': `sha-256=:${base64}:` }
  const path = pathOf(ref, manifest.version)
  return await showing(context, progress, () =>
    api.upload(path, {
      ...common,
      query,
      headers,
      bytes: inspection.packedBytes,
      open: packed.open,
    }),
  )
}

/** The only way for what says where the archive comes from. Fields first, then the file. */
function formOf(
  { world }: MdlibsContext,
  {
    ref,
    packed: { inspection, manifest, open },
    provenance,
    query,
  }: Pick<Sending, 'ref' | 'packed'> & { readonly provenance: Uint8Array; readonly query: Query },
) {
  const boundary = `mdlibs-${Buffer.from(world.randomBytes(16)).toString('hex')}`
  const fields = {
    ...{ scope: ref.scope, name: ref.name, version: manifest.version },
    checksum: formatDigest(inspection.digest),
    provenance: new TextDecoder().decode(provenance),
    ...query,
  }
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined
      ? []
      : `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = Buffer.from(
    `${texts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="archive.tar.gz"\r\nContent-Type: application/gzip\r\n\r\n`,
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    bytes: head.length + inspection.packedBytes + tail.length,
    open: async function* () {
      yield head
      yield* open()
      yield tail
    },
  } as const
}

async function readProvenance(
  { directory }: MdlibsContext,
  { path, packed }: { readonly path: string | undefined; readonly packed: PackedLibrary },
): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined
  const bundle = await readFile(resolve(directory, path)).catch((cause) => {
    throw fileFault(path, cause)
  })
  if (!speaksOf(parseProvenance(bundle), packed.inspection.digest)) {
    const digest = formatDigest(packed.inspection.digest)
    const mistakes = `${path} is about another archive: none of its subjects has the digest ${digest}. Make it of what mdlibs pack writes.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  return bundle
}

const states: Readonly<Record<string, string>> = {
  staged: 'It is staged: somebody who manages the library has to approve it: mdlibs approve',
  quarantined:
    'It is in quarantine: a moderator has to look at what the scanner found, then: mdlibs approve',
  blocked: 'It is blocked.',
}

const viewers: Readonly<Record<string, string>> = {
  public: 'everybody',
  internal: 'everybody who is signed in',
  private: 'those who manage it (mdlibs set --visibility, mdlibs grant)',
}

function report(
  context: MdlibsContext,
  {
    ref,
    facts,
    origin,
    visibility,
  }: {
    readonly ref: LibraryRef
    readonly facts: Awaited<ReturnType<typeof upload>>
    readonly origin: string
    readonly visibility: string | undefined
  },
): void {
  const label = `${formatLibraryRef(ref)}@${facts.version}`
  const waiting = states[facts.state]
  for (const warning of facts.warnings) note(context, `Note: ${warning}`)
  const done = facts.created
    ? `✓ ${waiting === undefined ? 'Published' : 'Sent'} ${label}`
    : `✓ ${label} was there already, with the same bytes`
  const lines = [
    `${done} (${printSize(facts.size)})`,
    `Digest: ${facts.checksum}`,
    ...(visibility === undefined
      ? []
      : [
          `${waiting === undefined ? 'Seen by' : 'To be seen by'}: ${viewers[visibility] ?? visibility}`,
        ]),
    ...facts.findings.map((one) => findingLine(one)),
    ...(waiting === undefined ? [`Install: mdlibs install ${label}`] : [`${waiting} ${label}`]),
  ]
  give(context, { registry: origin, visibility, ...facts }, context.isQuiet ? [label] : lines)
}

function factsOf({ manifest, inspection, left, passedOver, warnings }: PackedLibrary) {
  const { digest, treeDigest, files, packedBytes, unpackedBytes, findings } = inspection
  return {
    ...{ name: manifest.name, version: manifest.version },
    files: files.map(({ path, bytes }) => ({ path, bytes })),
    left_out: [
      ...left.map(({ path, why }) => ({ path, why })),
      ...passedOver.map((path) => ({ path, why: 'link' })),
    ],
    ...{ packed_bytes: packedBytes, unpacked_bytes: unpackedBytes },
    ...{ digest: formatDigest(digest), tree: formatDigest(treeDigest) },
    ...{ findings, warnings },
  }
}

/** What people may not have expected; what is hidden or installed is left out as everywhere. */
const surprising: Readonly<Record<string, string>> = {
  excluded: 'excluded',
  kind: 'no kind of file that is published',
  script: 'a program: --allow-scripts takes it in',
  path: 'its name cannot stand in an archive',
}

function filesTold({ inspection, left, passedOver }: PackedLibrary): readonly string[] {
  const { files, packedBytes, unpackedBytes, digest, treeDigest } = inspection
  const width = Math.max(...files.map(({ path }) => path.length))
  const out = left.flatMap(({ path, why }) => {
    const reason = surprising[why]
    return reason === undefined ? [] : [`  ${path} (${reason})`]
  })
  const links = passedOver.map((path) => `  ${path} (a link, or no file)`)
  return [
    ...files.map(({ path, bytes }) => `  ${path.padEnd(width)}  ${printSize(bytes).padStart(10)}`),
    `${plural(files.length, 'file')}, ${printSize(unpackedBytes)}, packed ${printSize(packedBytes)}`,
    `Digest: ${formatDigest(digest)}`,
    `Tree:   ${formatDigest(treeDigest)}`,
    ...(out.length + links.length > 0 ? ['Left out:', ...out, ...links] : []),
  ]
}

async function rootOf({ directory }: MdlibsContext): Promise<string> {
  const root = await findRoot(directory)
  if (root === undefined) throw mdlibsFault('mdlibs/no-project', { directory })
  return root
}

async function targetOf(
  { directory }: MdlibsContext,
  { output, name }: { readonly output: string | undefined; readonly name: string },
): Promise<string> {
  if (output === undefined) return join(directory, name)
  return output.endsWith('/') ? join(resolve(directory, output), name) : resolve(directory, output)
}
