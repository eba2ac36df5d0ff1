/** What went wrong, in a sentence that names the next step, and the exit code that goes with it. One table, total. */
import { type CliExitCode, cliExitCodes as codes } from '#cli/exit-codes'
import type { CliFaultCode } from '#cli/faults'
import { Fault, type FaultDetail } from '#fault/fault'
import type { EndpointFaultCode } from '#s3/faults'

/** What a sentence may have to name beside the fault's own details. */
export interface Surroundings {
  /** Where the endpoint's URL and the keys came from, for people. */
  readonly urlOrigin?: string
  readonly credentialsOrigin?: string
}

export interface Explained {
  readonly code: string
  readonly text: string
  readonly exitCode: CliExitCode
}

type Explainer = readonly [
  exitCode: CliExitCode,
  tell: (detail: FaultDetail, surroundings: Surroundings) => string,
]

const explainers: Readonly<Record<CliFaultCode | EndpointFaultCode, Explainer>> = {
  'endpoint/unreachable': [
    codes.unreachable,
    ({ endpoint, reason }, { urlOrigin }) =>
      `No answer from ${endpoint} (${reason}; the address comes from ${urlOrigin ?? 'the settings'}). ` +
      'Is the store running (npm start)? Another one is named with --endpoint-url.',
  ],
  'endpoint/unavailable': [
    codes.unreachable,
    ({ endpoint, status, reason }) =>
      `${endpoint} cannot do this now (${status}${reason === undefined ? '' : `: ${reason}`}). ` +
      'Try again later; if its disks are full or nodes are missing, its operator has to help first.',
  ],
  'endpoint/out-of-space': [
    codes.noSpace,
    ({ endpoint }) =>
      `There is no room for this at ${endpoint}. Delete objects there (cyxcloud delete), or ask its operator for more space.`,
  ],
  'endpoint/not-s3': [
    codes.unreachable,
    ({ endpoint, status }) =>
      `${endpoint} answers${status === undefined ? '' : ` (${status})`}, but not as S3 does. ` +
      'Give the address of its S3 API with --endpoint-url, or of a gateway with --gateway.',
  ],
  'endpoint/wrong-credentials': [
    codes.denied,
    ({ code, endpoint }, { credentialsOrigin }) =>
      `${endpoint} does not accept the access key (${code}; it comes from ${credentialsOrigin ?? 'nowhere'}). ` +
      'Choose another with --profile or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a store of ours keeps its own in aws-credentials of its data directory.',
  ],
  'endpoint/clock-skewed': [
    codes.denied,
    ({ endpoint }) =>
      `The clock of this machine differs too much from that of ${endpoint}. Set it right, and try again.`,
  ],
  'endpoint/denied': [
    codes.denied,
    ({ bucket, key }, { credentialsOrigin }) =>
      `This access key (from ${credentialsOrigin ?? 'nowhere'}) may not do that with ${nameOf(bucket, key)}. ` +
      'Use another one with --profile, or ask for the right.',
  ],
  'endpoint/no-such-bucket': [
    codes.notFound,
    ({ bucket, endpoint }) =>
      `There is no bucket "${bucket}" at ${endpoint}. cyxcloud status lists those there are; upload makes one.`,
  ],
  'endpoint/no-such-key': [
    codes.notFound,
    ({ bucket, key }) =>
      `There is no "${key}" in bucket "${bucket}". cyxcloud list ${bucket} shows what is there.`,
  ],
  'endpoint/no-such-upload': [
    codes.refused,
    ({ bucket, key }) =>
      `The upload of ${nameOf(bucket, key)} was ended by somebody else while it ran. Look at what is there now, and run the command again.`,
  ],
  'endpoint/invalid-bucket-name': [
    codes.usage,
    ({ bucket }) =>
      `"${bucket}" cannot be the name of a bucket: 3 to 63 lowercase letters, digits, dots and hyphens. Choose another with -b.`,
  ],
  'endpoint/bucket-of-another': [
    codes.denied,
    ({ bucket }) => `The bucket "${bucket}" belongs to somebody else. Choose another name with -b.`,
  ],
  'endpoint/changed': [
    codes.refused,
    ({ bucket, key }) =>
      `${nameOf(bucket, key)} was replaced while it was being read. Run the command again.`,
  ],
  'endpoint/damaged': [
    codes.damaged,
    ({ bucket, key, reason }) =>
      `Bytes of ${nameOf(bucket, key)} were damaged on their way (${reason}). Run the command again.`,
  ],
  'endpoint/too-many-parts': [
    codes.usage,
    ({ bucket, key, partsMax }) =>
      `${nameOf(bucket, key)} would have more than ${partsMax} parts. Give a larger --part-size.`,
  ],
  'endpoint/refused': [
    codes.refused,
    ({ endpoint, bucket, key, code, reason }) =>
      `${endpoint} refuses${bucket === undefined ? '' : ` (${nameOf(bucket, key)})`}: ` +
      `${code === undefined ? '' : `${code}: `}${reason}.`.replace(/\.\.$/, '.'),
  ],
  'cli/mistaken-usage': [codes.usage, ({ mistakes }) => `${mistakes}\nSee --help of this command.`],
  'cli/no-credentials': [
    codes.denied,
    ({ path, profile }) =>
      (profile === undefined
        ? 'No access key was found. '
        : `No access key was found in profile "${profile}". `) +
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with --profile, run in the directory of a store ' +
      `(which has ${path}), or ask without one with --no-sign-request.`,
  ],
  'cli/foreign-profile': [
    codes.denied,
    ({ profile, setting }) =>
      `Profile "${profile}" has no keys of its own (${setting}). Let the AWS CLI fetch some: ` +
      `eval "$(aws configure export-credentials --profile ${profile} --format env)"`,
  ],
  'cli/no-such-file': [
    codes.notFound,
    ({ path }) => `There is no file ${path}. Check its name; - reads standard input.`,
  ],
  'cli/file-unusable': [
    codes.localFile,
    ({ path, reason }) => `${path} cannot be used: ${reason}. Choose another place, or mend that.`,
  ],
  'cli/file-changed': [
    codes.localFile,
    ({ path }) =>
      `${path} was changed while it was read; nothing was stored. Run the command again when it rests.`,
  ],
  'cli/disk-full': [
    codes.noSpace,
    ({ path }) => `The disk of ${path} is full. Make room and run the same command again.`,
  ],
  'cli/damaged-download': [
    codes.damaged,
    ({ bucket, key, reason }) =>
      `What came is not ${nameOf(bucket, key)}: ${reason}. It was thrown away; run the command again.`,
  ],
  'cli/unsafe-key': [
    codes.usage,
    ({ key, reason }) =>
      `"${key}" cannot be a file below the output directory: ${reason}. Fetch it by itself with -k, and name the file with -o.`,
  ],
  'cli/nothing-there': [
    codes.notFound,
    ({ bucket, prefix }) =>
      prefix === undefined
        ? `The bucket "${bucket}" is empty: there is nothing to download.`
        : `No key of bucket "${bucket}" begins with "${prefix}". cyxcloud list ${bucket} shows what is there.`,
  ],
  'cli/no-secret': [
    codes.locked,
    ({ wanted }) =>
      `${wanted}, and there is no terminal to ask for a passphrase. ` +
      'Give it with --passphrase-file or CYXCLOUD_PASSPHRASE, or give a --key-file.',
  ],
  'cli/wrong-secret': [
    codes.locked,
    ({ bucket, key, needs }) =>
      `This is not the ${needs} that ${nameOf(bucket, key)} was encrypted with (or the object's first bytes are damaged). Try another one.`,
  ],
  'cli/other-secret': [
    codes.locked,
    ({ bucket, key, needs }) =>
      `${nameOf(bucket, key)} was encrypted with a ${needs}. ` +
      (needs === 'passphrase'
        ? 'Leave --key-file out, and give the passphrase.'
        : 'Give the file with --key-file.'),
  ],
  'cli/malformed-key-file': [
    codes.locked,
    ({ path }) =>
      `${path} is no key file: it must hold exactly 32 bytes. head -c 32 /dev/urandom > my.key makes one.`,
  ],
  'cli/damaged-envelope': [
    codes.damaged,
    ({ bucket, key, reason }) =>
      `${nameOf(bucket, key)} is encrypted, but damaged: ${reason}. Nothing of it was kept; another copy has to help.`,
  ],
  'cli/unsupported-envelope': [
    codes.damaged,
    ({ bucket, key, version }) =>
      `${nameOf(bucket, key)} was encrypted by a later version (format ${version}). Use a newer cyxcloud.`,
  ],
  'cli/partly-failed': [
    codes.partlyFailed,
    ({ failed, total }) =>
      `${failed} of ${total} failed. Run the same command again: what is there already is not sent again.`,
  ],
  'cli/interrupted': [codes.interrupted, ({ hint }) => `Interrupted. ${hint}`],
}

export function explainCli(error: unknown, surroundings: Surroundings): Explained {
  if (error instanceof Fault && isKnown(error.code)) {
    const [exitCode, tell] = explainers[error.code]
    return { code: error.code, text: tell(error.detail, surroundings), exitCode }
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    code: 'cli/unexpected',
    text: `Something unexpected went wrong.\n${text}`,
    exitCode: codes.unexpected,
  }
}

function isKnown(code: string): code is keyof typeof explainers {
  return Object.hasOwn(explainers, code)
}

function nameOf(bucket: FaultDetail[string], key: FaultDetail[string]): string {
  return key === undefined ? `bucket "${bucket}"` : `${bucket}/${key}`
}
