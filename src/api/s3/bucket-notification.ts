import type { BucketCall } from '#api/s3/call'
import { invalidArgument, malformedXml, s3Fault } from '#api/s3/faults'
import { originOf } from '#api/s3/origin'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import { toHex } from '#bytes/text'
import type { NotificationRule, NotificationRules } from '#delivery/rules'
import type { HttpResponse } from '#http/message'

/** AWS's limit. */
const rulesMax = 100
const idCharactersMax = 255
/** A filter is no longer than a key. */
const filterBytesMax = 1_024

interface Shape {
  /** The element of a rule. */
  readonly rule: string
  /** The element of its ARN, and of which service that is. */
  readonly arn: string
  readonly service: string
}

const shapes: Readonly<Record<NotificationRule['kind'], Shape>> = {
  topic: { rule: 'TopicConfiguration', arn: 'Topic', service: 'sns' },
  queue: { rule: 'QueueConfiguration', arn: 'Queue', service: 'sqs' },
  function: { rule: 'CloudFunctionConfiguration', arn: 'CloudFunction', service: 'lambda' },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html: some of these never happen here. */
const eventNames: ReadonlySet<string> = new Set([
  's3:ReducedRedundancyLostObject',
  ...group('ObjectCreated', 'Put', 'Post', 'Copy', 'CompleteMultipartUpload'),
  ...group('ObjectRemoved', 'Delete', 'DeleteMarkerCreated'),
  ...group('ObjectRestore', 'Post', 'Completed', 'Delete'),
  ...group(
    'Replication',
    'OperationFailedReplication',
    'OperationMissedThreshold',
    'OperationNotTracked',
    'OperationReplicatedAfterThreshold',
  ),
  ...group('LifecycleExpiration', 'Delete', 'DeleteMarkerCreated'),
  's3:LifecycleTransition',
  's3:IntelligentTiering',
  ...group('ObjectTagging', 'Put', 'Delete'),
  's3:ObjectAcl:Put',
])

function group(name: string, ...members: readonly string[]): readonly string[] {
  return ['*', ...members].map((member) => `s3:${name}:${member}`)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html: empty where there are no rules. */
export async function getBucketNotification({ facts }: BucketCall): Promise<HttpResponse> {
  const rules = (facts.config.notification ?? []) as NotificationRules // put there by the operation below
  return xmlResponse('NotificationConfiguration', [branches(rules, ruleElement)])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html: all rules at once; none removes them. */
export async function putBucketNotification(call: BucketCall): Promise<HttpResponse> {
  const document = await readXmlBody(call, 'NotificationConfiguration')
  if (childOf(document, 'EventBridgeConfiguration') !== undefined)
    throw s3Fault('s3/not-implemented', {
      reason: 'There is no EventBridge here. Name a queue, a topic or a function.',
    })
  const kinds = Object.keys(shapes) as NotificationRule['kind'][] // the type's own
  const rules = kinds.flatMap((kind) =>
    childrenOf(document, shapes[kind].rule).map((element) => readRule(call, kind, element)),
  )
  if (rules.length > rulesMax) throw malformedXml(`${rulesMax} rules`)
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw invalidArgument('Id', 'Configuration IDs must be unique.')
  const { door, bucket, facts } = call
  const wanted = rules.length === 0 ? undefined : rules
  const config = { ...facts.config, notification: wanted }
  await door.objects.configure(
    bucket,
    'notification',
    wanted,
    originOf({ ...call, facts: { ...facts, config } }),
  )
  return emptyResponse(200)
}

function readRule(
  { door }: BucketCall,
  kind: NotificationRule['kind'],
  rule: XmlElement,
): NotificationRule {
  const { arn: arnName, service } = shapes[kind]
  const arn = textOf(rule, arnName)?.trim() ?? ''
  const id = textOf(rule, 'Id') ?? toHex(door.world.randomBytes(16))
  if (id.length > idCharactersMax)
    throw invalidArgument('Id', `${idCharactersMax} characters at most.`)
  const events = childrenOf(rule, 'Event').map(({ text }) => text.trim())
  if (events.length === 0) throw malformedXml('Event')
  const unknown = events.find((name) => !eventNames.has(name))
  if (unknown !== undefined)
    throw invalidArgument(
      'Event',
      `The event '${unknown.slice(0, 80)}' is not supported for notifications`,
    )
  return { id, kind, arn, target: readTarget(arn, service), events, ...readFilter(rule) }
}

/** The last part names a target of the store; region and account are whatever a client finds natural. */
function readTarget(arn: string, service: string): string {
  const [, of, name] =
    /^arn:[^:]{1,40}:(\w+):[^:]{0,40}:[^:]{0,40}:(?:function:)?([\w-]{1,64})$/.exec(arn) ?? []
  if (name === undefined || of !== service)
    throw invalidArgument('arn', 'The ARN is not well formed')
  return name
}

function readFilter(rule: XmlElement): Pick<NotificationRule, 'prefix' | 'suffix'> {
  const filter = childOf(rule, 'Filter')
  const s3Key = filter && childOf(filter, 'S3Key')
  const found: { prefix?: string; suffix?: string } = {}
  for (const one of childrenOf(s3Key, 'FilterRule')) {
    const name = textOf(one, 'Name')?.trim().toLowerCase()
    const value = textOf(one, 'Value') ?? ''
    if (name !== 'prefix' && name !== 'suffix')
      throw invalidArgument('FilterRule.Name', 'filter rule name must be either prefix or suffix')
    if (found[name] !== undefined)
      throw invalidArgument(
        'FilterRule.Name',
        `Cannot specify more than one ${name} rule in a filter.`,
      )
    if (Buffer.byteLength(value) > filterBytesMax)
      throw invalidArgument(
        'FilterRule.Value',
        `Size of filter rule value cannot exceed ${filterBytesMax} bytes.`,
      )
    found[name] = value
  }
  return found
}

function ruleElement({ id, kind, arn, events, prefix, suffix }: NotificationRule): Xml {
  const { rule, arn: arnName } = shapes[kind]
  const filters = Object.entries({ Prefix: prefix, Suffix: suffix }).flatMap(([name, value]) =>
    value === undefined ? [] : [branch('FilterRule', leaf('Name', name), leaf('Value', value))],
  )
  return branch(
    rule,
    leaf('Id', id),
    leaf(arnName, arn),
    branches(events, (name) => leaf('Event', name)),
    ...(filters.length === 0 ? [] : [branch('Filter', branch('S3Key', ...filters))]),
  )
}
