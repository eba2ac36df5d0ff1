/** Replication rules on the wire. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationConfiguration.html */
import { invalidArgument, invalidRequest, malformedXml, s3Fault } from '#api/s3/faults'
import { printEnabled, readEnabled, readPrefix, readRules } from '#api/s3/rule-document'
import { tagElements } from '#api/s3/tags'
import { childOf, childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type {
  ReplicaPlace,
  Replication,
  ReplicationConditions,
  ReplicationDestination,
  ReplicationRule,
} from '#delivery/replication-rules'
import type { Tags } from '#object/model'
import type { World } from '#world/world'

/** AWS's limit. */
const roleCharactersMax = 2_048

/** What is asked for by these is not done here, so it is not promised. */
const refused = {
  Rule: ['SourceSelectionCriteria'],
  Destination: [
    'AccessControlTranslation',
    'EncryptionConfiguration',
    'ReplicationTime',
    'Metrics',
  ],
} as const

/** `s3/malformed-xml`, `s3/invalid-argument`, `s3/invalid-request`; `s3/not-implemented` for what is not offered. */
export function readReplication(
  document: XmlElement,
  { by, world }: Pick<Replication, 'by'> & { readonly world: Pick<World, 'randomBytes'> },
): Replication {
  const role = textOf(document, 'Role')?.trim() ?? ''
  if (role.length > roleCharactersMax) throw malformedXml('Role')
  const rules = readRules(document, world, readRule)
  const priorities = rules.flatMap(({ priority }) => (priority === undefined ? [] : [priority]))
  if (new Set(priorities).size < priorities.length)
    throw invalidRequest('Priority must be unique among the rules.')
  return { role, by, rules }
}

function readRule(element: XmlElement, id: string): ReplicationRule {
  refuseUnoffered(element, refused.Rule)
  const existing = childOf(element, 'ExistingObjectReplication')
  if (existing !== undefined && readEnabled(existing))
    throw s3Fault('s3/not-implemented', { reason: 'Objects that are there already stay alone.' })
  const markers = childOf(element, 'DeleteMarkerReplication')
  const priority = readPriority(element)
  const rule: ReplicationRule = {
    id,
    isEnabled: readEnabled(element),
    ...(priority === undefined ? {} : { priority }),
    ...readScope(element),
    ...(markers === undefined ? {} : { repeatsMarkers: readEnabled(markers) }),
    destination: readDestination(element),
  }
  const hasTags = [rule.filter, rule.filter?.and].some((one) => one?.tags !== undefined)
  if (hasTags && rule.repeatsMarkers === true)
    throw invalidRequest(
      'Delete marker replication is not supported if any Tag filter is specified.',
    )
  return rule
}

function readPriority(element: XmlElement): number | undefined {
  const text = textOf(element, 'Priority')?.trim()
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument('Priority', 'Priority must be a whole number.')
  return Number(text)
}

function readScope(element: XmlElement): Pick<ReplicationRule, 'prefix' | 'filter'> {
  const filter = childOf(element, 'Filter')
  const prefix = readPrefix(element)
  if (filter === undefined) return prefix === undefined ? {} : { prefix }
  if (prefix !== undefined) throw malformedXml('either Filter or Prefix')
  const and = childOf(filter, 'And')
  const conditions = readConditions(filter)
  return { filter: and === undefined ? conditions : { ...conditions, and: readConditions(and) } }
}

function readConditions(element: XmlElement): ReplicationConditions {
  const prefix = readPrefix(element)
  const tags = childrenOf(element, 'Tag').map((tag): Tags[number] => {
    const name = textOf(tag, 'Key') ?? ''
    if (name === '') throw malformedXml('Tag without Key')
    return [name, textOf(tag, 'Value') ?? '']
  })
  return { ...(prefix === undefined ? {} : { prefix }), ...(tags.length === 0 ? {} : { tags }) }
}

function readDestination(rule: XmlElement): ReplicationDestination {
  const element = childOf(rule, 'Destination')
  const arn = element && textOf(element, 'Bucket')?.trim()
  if (element === undefined || arn === undefined) throw malformedXml('Destination with a Bucket')
  refuseUnoffered(element, refused.Destination)
  const account = textOf(element, 'Account')?.trim()
  const storageClass = textOf(element, 'StorageClass')?.trim()
  return {
    arn,
    to: readPlace(arn),
    ...(account === undefined ? {} : { account }),
    ...(storageClass === undefined ? {} : { storageClass }),
  }
}

/** `arn:aws:s3:::BUCKET` is a bucket of this store, `arn:mycelium:s3:::TARGET` the bucket of a target. */
function readPlace(arn: string): ReplicaPlace {
  const [, partition, name] = /^arn:([\w-]{1,40}):s3:::([\w.-]{1,64})$/.exec(arn) ?? []
  if (name === undefined) throw invalidArgument('Bucket', 'Invalid bucket ARN.')
  return partition === 'mycelium' ? { target: name } : { bucket: name }
}

function refuseUnoffered(element: XmlElement, names: readonly string[]): void {
  const found = names.find((name) => childOf(element, name) !== undefined)
  if (found !== undefined) throw s3Fault('s3/not-implemented', { reason: `There is no ${found}.` })
}

export function replicationElements({ role, rules }: Replication): readonly Xml[] {
  return [leaf('Role', role), branches(rules, ruleElement)]
}

function ruleElement({
  id,
  isEnabled,
  priority,
  prefix,
  filter,
  repeatsMarkers,
  destination: { arn, account, storageClass },
}: ReplicationRule): Xml {
  return branch(
    'Rule',
    leaf('ID', id),
    leaf('Priority', priority),
    leaf('Prefix', prefix),
    ...(filter === undefined ? [] : [branch('Filter', ...filterElements(filter))]),
    leaf('Status', printEnabled(isEnabled)),
    branch(
      'Destination',
      leaf('Bucket', arn),
      leaf('Account', account),
      leaf('StorageClass', storageClass),
    ),
    ...(repeatsMarkers === undefined
      ? []
      : [branch('DeleteMarkerReplication', leaf('Status', printEnabled(repeatsMarkers)))]),
  )
}

function filterElements({
  prefix,
  tags = [],
  and,
}: NonNullable<ReplicationRule['filter']>): readonly Xml[] {
  return [
    leaf('Prefix', prefix),
    tagElements(tags),
    ...(and === undefined ? [] : [branch('And', ...filterElements(and))]),
  ]
}
