/**
 * A store on this machine, put together from the ground up and taken apart in reverse: what `up` serves, `gc` cleans and tests use.
 */
import { availableParallelism } from 'node:os'
import type { ChangeLog } from '#changelog/change'
import { type ChangeLogOptions, openChangeLog } from '#changelog/open-change-log'
import { Witnesses } from '#changelog/witnesses'
import { openCodec } from '#chunk/codec'
import { type Cluster, openCluster } from '#cluster/cluster'
import {
  enrol,
  readDefaultProfile,
  readNodes,
  readStorageClasses,
  type StorageClasses,
  setDefaultProfile,
  setStorageClasses,
} from '#cluster/tables'
import { admitConfig } from '#delivery/admit-config'
import { Targets } from '#delivery/targets'
import { namedProfiles, type Profile, parseProfile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import { Accounts } from '#identity/accounts'
import { KeyService } from '#kms/key-service'
import { dataDirectory, type OpenDataDirectory, openDataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { guard, type OpenStoreOptions, openGround, type StoreSettings } from '#main/ground'
import { type OpenedKeys, spreadKeyring } from '#main/keys'
import { logNodes, openMembers, rejoining } from '#main/members'
import { overflowBytes, slotsInMemory } from '#main/memory'
import { requireEnough, tellTooFewNodes } from '#main/node-count'
import { rooms } from '#main/rooms'
import { type LifecycleOptions, runLifecycle } from '#object/lifecycle'
import type { ObjectStore } from '#object/model'
import { openObjectStore } from '#object/object-store'
import { Collector } from '#repair/collector'
import { Repairer } from '#repair/repairer'
import type { Sql } from '#sql/sql'
import { ChunkStore } from '#store/chunk-store'
import { openPacks, type Packs } from '#store/packs'

export interface OpenedStore extends AsyncDisposable {
  readonly directory: OpenDataDirectory
  readonly keys: OpenedKeys
  /** Of new buckets. */
  readonly profile: Profile
  /** Of all in use, the one that survives the loss of the most nodes: of snapshots. */
  readonly safestProfile: () => Profile
  readonly sql: Sql
  readonly changelog: ChangeLog
  readonly changelogOptions: ChangeLogOptions
  readonly cluster: Cluster
  /** Frames of the change log may be on fewer nodes than they should: members were made anew, empty, or a profile has come that survives more. */
  readonly isLogThin: boolean
  readonly store: ChunkStore
  readonly packs: Packs
  readonly objects: ObjectStore
  /** One pass over all buckets with lifecycle rules. */
  readonly runLifecycle: (options: LifecycleOptions) => Promise<void>
  readonly accounts: Accounts
  readonly namedKeys: KeyService
  /** Where notifications go. */
  readonly targets: Targets
  readonly repairer: Repairer
  readonly collector: Collector
}

/** The faults of opening are sentences in `explain.ts`; after one, nothing stays open. */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  try {
    return await openParts(options)
  } catch (cause) {
    if (!isFault(cause, 'sql/corrupt')) throw cause
    const reason = `the metadata database is damaged (${cause.detail['reason']})`
    const data = dataDirectory(options.settings.data).root
    throw mainFault('main/database-untrusted', { reason, data }, cause)
  }
}

async function openParts(options: OpenStoreOptions): Promise<OpenedStore> {
  await using stack = new AsyncDisposableStack()
  const { settings, world, telemetry, program, mustExist = false } = options
  const directory = stack.use(await openDataDirectory(settings.data, { program, world, mustExist }))
  const ground = await openGround(directory, { options, stack })
  const { sql, keys, nodes: present } = ground
  const { state, asked } = await guard(ground)
  const joined = state === 'new' ? [] : (await readNodes(sql)).map(({ id }) => id)
  const formerProfile = await formerDefault(sql, { state })
  const profile = settings.profile ?? formerProfile
  const members = await openMembers(ground, { state, joined, profile, options })
  const replaced = members.filter(({ isReplaced }) => isReplaced).map(({ id }) => id)
  const witnesses = new Witnesses({
    members: joined,
    asked: [...asked, ...replaced],
    replicas: formerProfile.parity + 1,
  })
  const classes = await chooseClasses(sql, { state, settings, profile, nodes: members.length })
  const inUse = state === 'new' ? [] : await profilesInUse(sql)
  const before = inUse.reduce(saferOf, formerProfile)
  let safest = [...Object.values(classes), ...inUse].reduce(saferOf, profile)
  await spreadKeyring(directory, [...present.values()], { bytes: keys.bytes, world })

  const live: { cluster?: Cluster } = {}
  const changelogOptions: ChangeLogOptions = {
    sql,
    nodes: () => logNodes(members, live.cluster),
    replicas: () => safest.parity + 1,
    rooms,
    keyring: keys.keyring,
    world,
    telemetry,
    witnesses,
    onNodeFailure: (id, error) => {
      const node = live.cluster?.nodes().find((one) => one.id === id)
      if (node !== undefined) void live.cluster?.reportFailure(node.number, error)
    },
  }
  stack.defer(() => live.cluster?.close()) // after the change log, which writes to its nodes until the end
  const changelog = await openChangeLog(changelogOptions)
  stack.defer(() => changelog.close())
  await enrol(changelog, members)
  if (settings.profile !== undefined) await setDefaultProfile(changelog, profile)
  if (settings.storageClasses !== undefined) await setStorageClasses(changelog, classes)
  const cluster = await openCluster({
    sql,
    nodes: members,
    world,
    telemetry,
    reopen: rejoining(ground, witnesses),
    isStrict: settings.strictPlacement,
  })
  live.cluster = cluster
  cluster.onChange(({ node: { id, state: now, stores } }) => {
    if (now === 'down') return
    // it may have been away for a rotation
    spreadKeyring(directory, [stores], { bytes: keys.bytes, world }).catch((error: unknown) => {
      telemetry.note('warn', 'keyring not written', { node: id, error: String(error) })
    })
  })
  const codec = stack.use(openCodec({ threads: availableParallelism(), slots: slotsInMemory() }))
  const { keyring } = keys
  const { chunkBytes } = settings
  const store = new ChunkStore({
    ...{ codec, cluster, keyring, sql, world, telemetry, chunkBytes },
    overflowBytes: overflowBytes(),
  })
  const packs = await openPacks({ store, changelog, sql })
  stack.defer(() => packs.close())
  const namedKeys = new KeyService({ sql, changelog, keyring, world })
  const objectParts = {
    sql,
    changelog,
    store,
    packs,
    keys: namedKeys,
    world,
    profile,
    admitConfig,
    storageClasses: new Map(Object.entries(classes)),
    onProfile: (used: Profile) => {
      safest = saferOf(safest, used)
    },
  }
  const objects = openObjectStore(objectParts)
  const accounts = new Accounts({ sql, changelog, keyring, world }, options.accountSettings)
  const targets = new Targets({ sql, changelog, keyring, world })
  const repairer = new Repairer({ sql, changelog, store, cluster, world, telemetry })
  stack.defer(() => repairer.close())
  const collector = new Collector({ sql, changelog, store, cluster, world, telemetry })
  const owned = stack.move()
  return {
    directory,
    keys,
    profile,
    safestProfile: () => safest,
    sql,
    changelog,
    changelogOptions,
    cluster,
    isLogThin: replaced.length > 0 || (state === 'current' && safest.parity > before.parity),
    store,
    packs,
    objects,
    runLifecycle: (options) => runLifecycle(objectParts, options),
    accounts,
    namedKeys,
    targets,
    repairer,
    collector,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What the store was last told. */
async function formerDefault(
  sql: Sql,
  { state }: { readonly state: 'new' | 'current' },
): Promise<Profile> {
  const remembered = state === 'new' ? undefined : await readDefaultProfile(sql)
  return remembered ?? namedProfiles.default
}

/** What was asked for now, or else what the store was last told; in the beginning, one class with half the parity. `main/too-few-nodes` */
async function chooseClasses(
  sql: Sql,
  {
    state,
    settings: { storageClasses: given },
    profile: { data, parity },
    nodes,
  }: {
    readonly state: 'new' | 'current'
    readonly settings: StoreSettings
    readonly profile: Profile
    readonly nodes: number
  },
): Promise<StorageClasses> {
  if (given !== undefined) {
    for (const wanted of Object.values(given)) requireEnough(nodes, wanted)
    return given
  }
  const told = state === 'new' ? undefined : (await readStorageClasses(sql)).at(-1)
  if (told !== undefined) return told
  const reduced = { data, parity: Math.ceil(parity / 2) }
  const isAnother = reduced.parity < parity && tellTooFewNodes(nodes, reduced) === undefined
  return isAnother ? { REDUCED_REDUNDANCY: reduced } : {}
}

/** By buckets and storage classes. */
async function profilesInUse(sql: Sql): Promise<readonly Profile[]> {
  const used = await sql.query<{ profile: string }>`select distinct profile from bucket`
  const ofClasses = (await readStorageClasses(sql)).flatMap((one) => Object.values(one))
  return [...used.map((row) => parseProfile(row.profile)), ...ofClasses]
}

/** Which survives the loss of more nodes: the log and snapshots must survive what any object survives. */
function saferOf(one: Profile, other: Profile): Profile {
  return other.parity > one.parity ? other : one
}
