/**
 * Lifecycle rules on the wire. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 * A filter may state several things without `And` around them: clients of other stores do, and all of them must hold then.
 */
import { invalidArgument, invalidRequest, malformedXml } from '#api/s3/faults'
import { isoDate } from '#api/s3/response'
import { printEnabled, readEnabled, readPrefix, readRules } from '#api/s3/rule-document'
import { tagElements } from '#api/s3/tags'
import { childOf, childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { LifecycleConditions, LifecycleRule, LifecycleTime } from '#object/lifecycle-rules'
import type { Tags } from '#object/model'
import type { World } from '#world/world'

/** AWS's limit. */
const newerKeptMax = 100
/** AWS takes more; these are 2,700 years, and every date they give can be told. */
const daysMax = 1_000_000

/** `s3/malformed-xml`, `s3/invalid-argument`, `s3/invalid-request`: what AWS answers in each case. */
export function readLifecycle(
  document: XmlElement,
  world: Pick<World, 'randomBytes'>,
): readonly LifecycleRule[] {
  return readRules(document, world, readRule)
}

function readRule(rule: XmlElement, id: string): LifecycleRule {
  const read: LifecycleRule = {
    id,
    isEnabled: readEnabled(rule),
    ...readScope(rule),
    ...readActions(rule),
  }
  checkActions(read)
  checkTimes(read)
  return read
}

function readScope(rule: XmlElement): Pick<LifecycleRule, 'prefix' | 'filter'> {
  const filter = childOf(rule, 'Filter')
  const prefix = readPrefix(rule)
  if ((filter === undefined) === (prefix === undefined))
    throw malformedXml('either Filter or Prefix')
  if (filter === undefined) return { ...(prefix === undefined ? {} : { prefix }) }
  const and = childOf(filter, 'And')
  return {
    filter: {
      ...readConditions(filter),
      ...(and === undefined ? {} : { and: readConditions(and) }),
    },
  }
}

function readConditions(element: XmlElement): LifecycleConditions {
  const prefix = readPrefix(element)
  const tags = childrenOf(element, 'Tag').map(readTag)
  const bytesAbove = readWhole(element, 'ObjectSizeGreaterThan', { min: 0 })
  const bytesBelow = readWhole(element, 'ObjectSizeLessThan', { min: 1 })
  if (new Set(tags.map(([name]) => name)).size < tags.length)
    throw invalidRequest('Duplicate Tag Keys are not allowed.')
  if (bytesAbove !== undefined && bytesBelow !== undefined && bytesAbove >= bytesBelow)
    throw invalidRequest(
      "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    )
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(bytesAbove === undefined ? {} : { bytesAbove }),
    ...(bytesBelow === undefined ? {} : { bytesBelow }),
  }
}

function readTag(tag: XmlElement): Tags[number] {
  const name = textOf(tag, 'Key')
  if (name === undefined) throw malformedXml('Tag without Key')
  if (name === '') throw invalidRequest("A Tag's Key must be a length greater than 0.")
  return [name, textOf(tag, 'Value') ?? '']
}

function readActions(rule: XmlElement): Partial<LifecycleRule> {
  const expiration = childOf(rule, 'Expiration')
  const former = childOf(rule, 'NoncurrentVersionExpiration')
  const abort = childOf(rule, 'AbortIncompleteMultipartUpload')
  const transitions = childrenOf(rule, 'Transition').map((one) => {
    return { ...readTime(one, { daysMin: 0 }), storageClass: readClass(one) }
  })
  const formerTransitions = childrenOf(rule, 'NoncurrentVersionTransition').map((one) => {
    return { ...readFormerTime(one, { daysMin: 0 }), storageClass: readClass(one) }
  })
  return {
    ...(expiration === undefined ? {} : { expiration: readExpiration(expiration) }),
    ...(former === undefined ? {} : { formerExpiration: readFormerTime(former, { daysMin: 1 }) }),
    ...(abort === undefined
      ? {}
      : { abortsUploadsAfterDays: requireDays(abort, 'DaysAfterInitiation', 1) }),
    ...(transitions.length === 0 ? {} : { transitions }),
    ...(formerTransitions.length === 0 ? {} : { formerTransitions }),
  }
}

function readExpiration(element: XmlElement): NonNullable<LifecycleRule['expiration']> {
  const removes = textOf(element, 'ExpiredObjectDeleteMarker')?.trim()
  if (removes === undefined) return readTime(element, { daysMin: 1 })
  if (element.children.length > 1 || (removes !== 'true' && removes !== 'false'))
    throw malformedXml('ExpiredObjectDeleteMarker')
  return { removesMarkers: removes === 'true' }
}

function readTime(element: XmlElement, { daysMin }: { readonly daysMin: 0 | 1 }): LifecycleTime {
  const date = textOf(element, 'Date')?.trim()
  if ((date === undefined) === (textOf(element, 'Days') === undefined))
    throw malformedXml('either Days or Date')
  if (date === undefined) return { days: requireDays(element, 'Days', daysMin) }
  const isDate = /^\d{4}-\d\d-\d\d(T00:00:00(\.0+)?(Z|\+00:00)?)?$/.test(date)
  const at = Date.parse(date.slice(0, 'yyyy-mm-dd'.length))
  if (!isDate || Number.isNaN(at)) throw invalidArgument('Date', "'Date' must be at midnight GMT")
  return { at }
}

function readFormerTime(
  element: XmlElement,
  { daysMin }: { readonly daysMin: 0 | 1 },
): { readonly days: number; readonly newerKept?: number } {
  const days = requireDays(element, 'NoncurrentDays', daysMin)
  const newerKept = readWhole(element, 'NewerNoncurrentVersions', { min: 1, max: newerKeptMax })
  return { days, ...(newerKept === undefined ? {} : { newerKept }) }
}

function requireDays(element: XmlElement, name: string, min: 0 | 1): number {
  const days = readWhole(element, name, { min, max: daysMax })
  if (days === undefined) throw malformedXml(name)
  return days
}

function readClass(element: XmlElement): string {
  const name = textOf(element, 'StorageClass')?.trim()
  if (name === undefined) throw malformedXml('StorageClass')
  return name
}

function readWhole(
  element: XmlElement,
  name: string,
  { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number },
): number | undefined {
  const text = textOf(element, name)?.trim()
  if (text === undefined) return undefined
  if (!/^-?\d{1,18}$/.test(text)) throw malformedXml(name)
  const number = Number(text)
  if (number >= min && number <= max) return number
  const kind = min === 0 ? 'a nonnegative' : 'a positive'
  throw invalidArgument(
    name,
    `'${name}' for ${element.name} action must be ${kind} integer${max < Number.MAX_SAFE_INTEGER ? ` up to ${max}` : ''}`,
  )
}

function checkActions(rule: LifecycleRule): void {
  const { expiration, formerExpiration, abortsUploadsAfterDays, filter } = rule
  const { transitions, formerTransitions } = rule
  const actions = [expiration, formerExpiration, abortsUploadsAfterDays]
  if ([...actions, transitions, formerTransitions].every((action) => action === undefined))
    throw invalidRequest('At least one action needs to be specified in a rule.')
  const conditions = [filter, filter?.and]
  const hasTags = conditions.some((one) => one?.tags !== undefined)
  const hasSizes = conditions.some(
    (one) => one?.bytesAbove !== undefined || one?.bytesBelow !== undefined,
  )
  if (abortsUploadsAfterDays !== undefined && (hasTags || hasSizes)) {
    const kind = hasTags ? 'Tags' : 'Object Size'
    throw invalidRequest(`AbortIncompleteMultipartUpload cannot be specified with ${kind}.`)
  }
  const isAboutMarkers = expiration !== undefined && 'removesMarkers' in expiration
  if (isAboutMarkers && hasTags)
    throw invalidRequest('ExpiredObjectDeleteMarker cannot be specified with Tags.')
  if (isAboutMarkers && hasSizes)
    throw invalidRequest('ExpiredObjectDeleteMarker cannot be specified with Object Size.')
}

/** Nothing is moved that goes at the same time, and no class is named twice. */
function checkTimes({
  expiration,
  formerExpiration,
  transitions = [],
  formerTransitions = [],
}: LifecycleRule): void {
  checkOrder(transitions, expiration, 'Days')
  checkOrder(formerTransitions, formerExpiration, 'NoncurrentDays')
  for (const moves of [transitions, formerTransitions]) {
    const classes = moves.map(({ storageClass }) => storageClass)
    if (new Set(classes).size < classes.length)
      throw invalidArgument(
        'StorageClass',
        "'StorageClass' must be different for transitions of one rule",
      )
  }
}

function checkOrder(
  moves: readonly object[],
  end: object | undefined,
  name: 'Days' | 'NoncurrentDays',
): void {
  const last = daysOf(end)
  if (last === undefined || !moves.some((move) => (daysOf(move) ?? -1) >= last)) return
  throw invalidArgument(
    name,
    `'${name}' in the Expiration action must be greater than '${name}' in the Transition action`,
  )
}

function daysOf(time: object | undefined): number | undefined {
  return time !== undefined && 'days' in time && typeof time.days === 'number'
    ? time.days
    : undefined
}

export function ruleElement(rule: LifecycleRule): Xml {
  const { id, isEnabled, prefix, filter, abortsUploadsAfterDays } = rule
  const { expiration, formerExpiration, transitions = [], formerTransitions = [] } = rule
  return branch(
    'Rule',
    leaf('ID', id),
    leaf('Prefix', prefix),
    ...(filter === undefined ? [] : [filterElement(filter)]),
    leaf('Status', printEnabled(isEnabled)),
    branches(transitions, ({ storageClass, ...time }) =>
      branch('Transition', timeElement(time), leaf('StorageClass', storageClass)),
    ),
    ...(expiration === undefined ? [] : [expirationElement(expiration)]),
    branches(formerTransitions, ({ storageClass, ...time }) =>
      branch(
        'NoncurrentVersionTransition',
        ...formerTimeElements(time),
        leaf('StorageClass', storageClass),
      ),
    ),
    ...(formerExpiration === undefined
      ? []
      : [branch('NoncurrentVersionExpiration', ...formerTimeElements(formerExpiration))]),
    ...(abortsUploadsAfterDays === undefined
      ? []
      : [
          branch(
            'AbortIncompleteMultipartUpload',
            leaf('DaysAfterInitiation', abortsUploadsAfterDays),
          ),
        ]),
  )
}

function filterElement({ and, ...stated }: NonNullable<LifecycleRule['filter']>): Xml {
  return branch(
    'Filter',
    ...conditionElements(stated),
    ...(and === undefined ? [] : [branch('And', ...conditionElements(and))]),
  )
}

function conditionElements(conditions: LifecycleConditions): readonly Xml[] {
  const { prefix, tags = [], bytesAbove, bytesBelow } = conditions
  return [
    leaf('Prefix', prefix),
    tagElements(tags),
    leaf('ObjectSizeGreaterThan', bytesAbove),
    leaf('ObjectSizeLessThan', bytesBelow),
  ]
}

function expirationElement(expiration: NonNullable<LifecycleRule['expiration']>): Xml {
  return branch(
    'Expiration',
    'removesMarkers' in expiration
      ? leaf('ExpiredObjectDeleteMarker', expiration.removesMarkers)
      : timeElement(expiration),
  )
}

function timeElement(time: LifecycleTime): Xml {
  return 'at' in time ? leaf('Date', isoDate(time.at)) : leaf('Days', time.days)
}

function formerTimeElements({
  days,
  newerKept,
}: {
  readonly days: number
  readonly newerKept?: number
}): readonly Xml[] {
  return [leaf('NoncurrentDays', days), leaf('NewerNoncurrentVersions', newerKept)]
}
