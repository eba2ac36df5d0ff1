/** Object lock on the wire. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
import type { BucketCall, Call, ObjectCall } from '#api/s3/call'
import { invalidArgument, malformedXml, s3Fault } from '#api/s3/faults'
import type { ObjectKey, Retention, RetentionMode, Traits } from '#object/model'

const modes: ReadonlyMap<string | undefined, RetentionMode> = new Map([
  ['GOVERNANCE', 'GOVERNANCE'],
  ['COMPLIANCE', 'COMPLIANCE'],
])
const holds: ReadonlyMap<string | undefined, boolean> = new Map([
  ['ON', true],
  ['OFF', false],
])

/** `s3/malformed-xml` */
export function parseMode(text: string | undefined): RetentionMode {
  const mode = modes.get(text)
  if (mode === undefined) throw malformedXml('Mode')
  return mode
}

/** `s3/malformed-xml` */
export function parseHold(text: string | undefined): boolean {
  const isOn = holds.get(text)
  if (isOn === undefined) throw malformedXml('Status')
  return isOn
}

export function printHold(isOn: boolean): string {
  return isOn ? 'ON' : 'OFF'
}

/** Whether the caller asks to override retention in GOVERNANCE mode, and may. Who may not has asked for nothing: what is locked stays so. */
export function bypassesGovernance(
  { headers, admission }: Pick<BucketCall, 'headers' | 'admission'>,
  key: ObjectKey,
): boolean {
  return (
    headers['x-amz-bypass-governance-retention']?.toLowerCase() === 'true' &&
    admission.may({ action: 's3:BypassGovernanceRetention', key })
  )
}

/** What the headers of a write ask for, which takes the rights of the operations that set it. `s3/invalid-argument`, `s3/access-denied` */
export function readLockHeaders(call: ObjectCall): Pick<Traits, 'retention' | 'legalHold'> {
  const { admission, key } = call
  const lock = parseLockHeaders(call)
  const mayRetain = () => admission.may({ action: 's3:PutObjectRetention', key })
  const mayHold = () => admission.may({ action: 's3:PutObjectLegalHold', key })
  if (lock.retention !== undefined && !mayRetain()) throw s3Fault('s3/access-denied')
  if (lock.legalHold !== undefined && !mayHold()) throw s3Fault('s3/access-denied')
  return lock
}

function parseLockHeaders({ headers, door }: Call): Pick<Traits, 'retention' | 'legalHold'> {
  const hold = headers['x-amz-object-lock-legal-hold']
  const legalHold = holds.get(hold)
  if (hold !== undefined && legalHold === undefined)
    throw s3Fault('s3/invalid-argument', { argument: 'x-amz-object-lock-legal-hold' })
  const retention = readRetentionHeaders(headers, door.world.now())
  return {
    ...(retention === undefined ? {} : { retention }),
    ...(legalHold === undefined ? {} : { legalHold }),
  }
}

function readRetentionHeaders(headers: Call['headers'], now: number): Retention | undefined {
  const modeText = headers['x-amz-object-lock-mode']
  const untilText = headers['x-amz-object-lock-retain-until-date']
  if (modeText === undefined && untilText === undefined) return undefined
  if (modeText === undefined || untilText === undefined) {
    throw invalidArgument(
      'x-amz-object-lock-mode',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    )
  }
  const mode = modes.get(modeText)
  if (mode === undefined) {
    const reason = 'Unknown wormMode directive.'
    throw invalidArgument('x-amz-object-lock-mode', reason)
  }
  return { mode, until: parseUntil(untilText, now) }
}

/** A time to come. `s3/invalid-argument` */
export function parseUntil(text: string | undefined, now: number): number {
  const until = text === undefined ? Number.NaN : Date.parse(text)
  const argument = 'x-amz-object-lock-retain-until-date'
  if (Number.isNaN(until)) throw s3Fault('s3/invalid-argument', { argument })
  if (until <= now) {
    const reason = 'The retain until date must be in the future!'
    throw invalidArgument(argument, reason)
  }
  return until
}

/** For GET and HEAD. */
export function lockHeaders({ retention, legalHold }: Traits): Record<string, string> {
  return {
    ...(retention === undefined
      ? {}
      : {
          'x-amz-object-lock-mode': retention.mode,
          'x-amz-object-lock-retain-until-date': new Date(retention.until).toISOString(),
        }),
    ...(legalHold === undefined ? {} : { 'x-amz-object-lock-legal-hold': printHold(legalHold) }),
  }
}
