/** What went wrong, in a sentence that names the next step, and the exit code that goes with it. One table, total; what both programs share stands in `explainCli`. */
import { explainCli } from '#cli/explain'
import { type CdnExitCode, cdnExitCodes as codes } from '#cli/mycdnctl/exit-codes'
import type { CdnFaultCode } from '#cli/mycdnctl/faults'
import type { contentFault } from '#content/faults'
import type { TransferFaultCode } from '#content/transfer-faults'
import { Fault, type FaultDetail } from '#fault/fault'
import type { RedisFaultCode } from '#redis/faults'

type Explainer = readonly [exitCode: CdnExitCode, tell: (detail: FaultDetail) => string]

export interface CdnExplained {
  readonly code: string
  readonly text: string
  readonly exitCode: CdnExitCode
}

const damagedManifest = (detail: FaultDetail): string =>
  `What this link leads to cannot be read: ${detail['reason']}.`

const explainers: Readonly<
  Record<
    Parameters<typeof contentFault>[0] | TransferFaultCode | RedisFaultCode | CdnFaultCode,
    Explainer
  >
> = {
  'content/metadata-foreign': [codes.damaged, damagedManifest],
  'content/metadata-version': [codes.damaged, damagedManifest],
  'content/metadata-older-layout': [codes.refused, damagedManifest],
  'content/metadata-malformed': [codes.damaged, damagedManifest],
  'content/metadata-impossible': [codes.damaged, damagedManifest],
  'content/metadata-overwritten-shards': [codes.damaged, damagedManifest],
  'content/hostile-name': [
    codes.refused,
    ({ reason }) => `Its name cannot be that of a file here: ${reason}. Name another with -o.`,
  ],
  'mycdnctl/file-exists': [
    codes.localFile,
    ({ path }) =>
      `${path} is there already, and is not what this link leads to. Give --force to replace it, or another place with -o.`,
  ],
  'content/directory-cycle': [
    codes.refused,
    () => 'A directory of this link lies in itself. Nobody can fetch it whole.',
  ],
  'content/directory-too-large': [
    codes.refused,
    () => 'The directories of this link are too deep or too many to be followed.',
  ],
  'content/link-malformed': [
    codes.usage,
    ({ reason }) =>
      `This is no link: ${reason}. Links look like https://HASH.REGISTRY/#key=KEY, with 32 hexadecimal digits each; quote them in a shell.`,
  ],
  'content/malformed-tokens': [codes.refused, damagedManifest],
  'content/hash-differs': [
    codes.damaged,
    () => 'What came is not what was stored: its hash is another one. Nothing of it was kept.',
  ],
  'content/not-authentic': [
    codes.damaged,
    () =>
      'The key does not fit: the link was cut short or changed, or its content was never sealed with this key.',
  ],
  'content/too-few-shards': [
    codes.unreachable,
    ({ present, required, reason }) =>
      `Only ${present} of the ${required} shards that are needed can be had${reason === undefined ? '' : ` (${reason})`}. ` +
      'Try again when more backends are up; mycdnctl verify shows which are missing.',
  ],
  'content/damaged-shards': [
    codes.damaged,
    ({ reason }) => `Too many shards are damaged: ${reason}. mycdnctl verify shows what there is.`,
  ],
  'content/too-few-backends': [
    codes.unreachable,
    ({ stored, required, total, backend, reason }) =>
      `Only ${stored} of ${total} backends took their shards, and ${required} are needed (${backend}: ${reason}). ` +
      'Run the same command with --resume when they are back: what is there is not sent again.',
  ],
  'content/backend-unusable': [
    codes.denied,
    ({ backend, reason, remedy }) =>
      `${backend} cannot be used: ${reason}${remedy === undefined ? '' : `; ${remedy}`}. Nothing was stored.`,
  ],
  'content/private-address': [
    codes.denied,
    ({ reason }) => `${reason}. --allow-private follows it there all the same.`,
  ],
  'content/registry-unreachable': [
    codes.unreachable,
    ({ registry, reason }) =>
      `No answer from the registry ${registry} (${reason}). Is its address right? Another one is named with --registry.`,
  ],
  'content/registry-denied': [
    codes.denied,
    ({ registry, status }) =>
      `The registry ${registry} does not allow this (${status}). Give it a token: registry_token in the settings, or MYCDNCTL_REGISTRY_TOKEN.`,
  ],
  'content/registry-refused': [
    codes.refused,
    ({ registry, status }) =>
      `The registry ${registry} does not do this (${status}). Is it the address of a registry?`,
  ],
  'content/registry-differs': [
    codes.damaged,
    ({ registry }) =>
      `The registry ${registry} gives other bytes than were stored under that hash. Nothing it says can be used.`,
  ],
  'content/no-such-manifest': [
    codes.notFound,
    ({ registry, hash }) =>
      `The registry ${registry} knows no ${hash}: the link is wrong, or was removed.`,
  ],
  'content/manifest-too-large': [
    codes.refused,
    ({ name, blocksMax, entriesMax }) =>
      entriesMax === undefined
        ? `The description of ${name ?? 'this'} would be larger than registries take (2 MiB)${blocksMax === undefined ? '' : `: ${blocksMax} blocks at most`}. ` +
          'Give the largest --chunk-size (5242880), use fewer backends, or split the file.'
        : `The directory ${name} has more than ${entriesMax} entries: its description would be larger than registries take (2 MiB). Split it.`,
  ],
  'content/range-outside': [
    codes.usage,
    ({ first }) => `There is no byte ${first}: the file is shorter.`,
  ],
  'content/not-a-file': [
    codes.usage,
    () => 'This link leads to a directory: neither a range nor - for standard output is possible.',
  ],
  'content/codec-stopped': [
    codes.unexpected,
    () => 'A thread of this program ended. Run the command again; --resume goes on with an upload.',
  ],
  'redis/unavailable': [codes.unreachable, tellRedis],
  'redis/timeout': [codes.unreachable, tellRedis],
  'redis/login-refused': [codes.denied, tellRedis],
  'redis/denied': [codes.denied, tellRedis],
  'redis/full': [codes.noSpace, tellRedis],
  'redis/refused': [codes.refused, tellRedis],
  'redis/too-large': [codes.refused, tellRedis],
  'redis/malformed': [codes.refused, tellRedis],
  'mycdnctl/mistaken-settings': [
    codes.usage,
    ({ path, mistakes }) =>
      `Invalid config: ${path}\n${String(mistakes).replaceAll(/^/gm, '  - ')}\nSee docs/use/mycdnctl.md and docs/sample-config.toml.`,
  ],
  'mycdnctl/no-settings': [
    codes.notFound,
    ({ path }) =>
      `Config file does not exist: ${path}. Name one with --config; docs/sample-config.toml is one to begin with.`,
  ],
  'mycdnctl/degraded': [
    codes.degraded,
    ({ shards, reason, hint }) =>
      `Degraded: ${shards} shards are missing${reason === undefined ? '' : ` (${reason})`}. It can be read here, but not by readers that want every shard. ${hint}`,
  ],
  'mycdnctl/lost': [
    codes.damaged,
    ({ blocks }) =>
      `${blocks} blocks cannot be read from what is there. Bring the backends back that are away; what is lost must be uploaded again.`,
  ],
  'mycdnctl/not-removed': [
    codes.partlyFailed,
    ({ reason }) =>
      `Not everything was removed: ${reason}. Run the command again once that is mended.`,
  ],
}

function tellRedis({ server, reason, remedy }: FaultDetail): string {
  const help = remedy === undefined ? '' : ` What helps: ${remedy}.`
  return `${server ?? 'The backend'}: ${reason}.${help}`
}

export function explainCdn(error: unknown): CdnExplained {
  if (error instanceof Fault && isKnown(error.code)) {
    const [exitCode, tell] = explainers[error.code]
    return { code: error.code, text: tell(error.detail), exitCode }
  }
  return explainCli(error, {})
}

function isKnown(code: string): code is keyof typeof explainers {
  return Object.hasOwn(explainers, code)
}
