/** What went wrong, in a sentence that names the next step, and the exit code that goes with it. One table, total; what all programs share stands in `explainCli`. */
import { explainCli } from '#cli/explain'
import { mdlibsExitCodes as codes } from '#cli/mdlibs/exit-codes'
import type { MdlibsFaultCode } from '#cli/mdlibs/faults'
import { Fault, type FaultDetail } from '#fault/fault'
import type { ArchiveFaultCode } from '#library/archive-faults'

type Explainer = readonly [exitCode: number, tell: (detail: FaultDetail) => string]

const loginHint = 'Sign in: mdlibs login.'

export interface MdlibsExplained {
  readonly code: string
  readonly text: string
  readonly exitCode: number
}

const refusedArchive = ({ rule, path, reason }: FaultDetail): string =>
  `${path ?? 'The archive'} cannot be in an archive: ${reason ?? rule}.`

const explainers: Readonly<Record<MdlibsFaultCode | ArchiveFaultCode, Explainer>> = {
  'library/malformed-name': [
    codes.usage,
    ({ text, scope, name, reason }) =>
      `${text ?? scope ?? name} is no name of a library: ${reason}. Libraries are named @scope/name.`,
  ],
  'library/malformed-version': [
    codes.usage,
    ({ text, reason }) => `${text} is no version: ${reason}.`,
  ],
  'library/malformed-range': [
    codes.usage,
    ({ text, reason }) =>
      `${text ?? 'That'} is no range of versions${reason === undefined ? '' : `: ${reason}`}. ^1.2, ~1.2.3, 1.x and >=1 <3 are some.`,
  ],
  'library/malformed-manifest': [
    codes.usage,
    ({ reason }) => `.mdlibs.toml cannot be used: ${reason}. See docs/use/mdlibs.md.`,
  ],
  'library/archive-refused': [codes.refused, refusedArchive],
  'library/archive-too-large': [
    codes.refused,
    ({ limit, most, path }) =>
      `${path ?? 'The archive'} passes a limit of archives: ${limit}, at most ${most}. Leave something out: exclude in .mdlibs.toml.`,
  ],
  'library/digest-differs': [
    codes.damaged,
    ({ found, expected }) => `The archive has the digest ${found}, and should have ${expected}.`,
  ],
  'library/malformed-lock-file': [
    codes.damaged,
    ({ reason }) => `mdlibs.lock cannot be used: ${reason}.`,
  ],
  'library/malformed-signature': [codes.damaged, ({ reason }) => `A signature is none: ${reason}.`],
  'library/malformed-provenance': [
    codes.usage,
    ({ reason }) => `The provenance cannot be used: ${reason}.`,
  ],
  'library/not-authentic': [
    codes.damaged,
    ({ reason }) =>
      `It is signed by nobody who is trusted${reason === undefined ? '' : `: ${reason}`}.`,
  ],

  'mdlibs/insecure-registry': [
    codes.denied,
    ({ registry, host, isClear }) =>
      isClear === true
        ? `${registry} is not encrypted, so nothing is sent there. Use https; where that cannot be, MDLIBS_INSECURE=true MDLIBS_INSECURE_HOST=${host} allows it.`
        : `While MDLIBS_INSECURE is set, nothing is sent to ${registry}. Unset it, and trust a certificate with --cafile; or name this host in MDLIBS_INSECURE_HOST=${host}.`,
  ],
  'mdlibs/damaged': [
    codes.damaged,
    ({ library, reason, next }) =>
      `${library}: ${reason}. Nothing of it was kept.${next === undefined ? '' : ` ${next}`}`,
  ],
  'mdlibs/not-signed': [
    codes.damaged,
    ({ library, registry, reason }) =>
      `${library}: ${reason}. It is not what ${registry} published, or that registry's keys were changed. Nothing was installed.`,
  ],
  'mdlibs/unknown-key': [
    codes.denied,
    ({ registry, key }) =>
      `${registry} signs with the key ${key}, which you do not know yet; you know others of it. Ask its operator whether that is right; mdlibs registry trust ${registry} accepts it.`,
  ],
  'mdlibs/no-project': [
    codes.notFound,
    ({ directory }) =>
      `There is no .mdlibs.toml in ${directory} or above it. mdlibs init makes one.`,
  ],
  'mdlibs/no-lock': [
    codes.notFound,
    ({ path }) => `There is no ${path}. mdlibs install makes one.`,
  ],
  'mdlibs/lock-outdated': [
    codes.refused,
    ({ reason }) =>
      `mdlibs.lock is not what .mdlibs.toml asks for (${reason}). mdlibs install brings it up to date; commit both.`,
  ],
  'mdlibs/no-resolution': [
    codes.refused,
    ({ explanation, registry, library }) =>
      `No versions fit together:\n${explanation}` +
      (registry === undefined
        ? ''
        : `\n${registry} has no ${library} that you may know of. If it is private: mdlibs login.`),
  ],
  'mdlibs/not-installed': [
    codes.notFound,
    ({ library }) => `${library} is not installed. mdlibs list --installed shows what is.`,
  ],
  'mdlibs/changed-locally': [
    codes.refused,
    ({ path, reason }) => `${path} would be replaced, but ${reason}. Move it away, or say --force.`,
  ],
  'mdlibs/malformed-bundle': [
    codes.damaged,
    ({ path, reason }) => `${path} is no bundle: ${reason}. mdlibs export makes one.`,
  ],
  'mdlibs/not-verified': [
    codes.damaged,
    ({ failed }) =>
      `${failed} of what was looked at is not right. mdlibs ci installs what mdlibs.lock says again.`,
  ],
  'mdlibs/advisories': [
    codes.advisories,
    ({ found }) => `${found} known against what is installed. mdlibs outdated shows what is newer.`,
  ],
  'mdlibs/not-confirmed': [
    codes.usage,
    ({ library }) =>
      `Everybody could read ${library}. If that is meant: --confirm-public; else --visibility internal or private.`,
  ],
  'mdlibs/malformed-cafile': [codes.usage, ({ path, reason }) => `${path}: ${reason}.`],
  'mdlibs/not-logged-in': [
    codes.denied,
    (detail) =>
      `You are not logged in at ${detail['registry']}. Sign in: mdlibs login, or set MDLIBS_TOKEN.${missedToken(detail)}`,
  ],
  'mdlibs/id-token-unusable': [
    codes.denied,
    ({ registry, reason }) =>
      `The ID token of this build cannot be used${registry === undefined ? '' : ` at ${registry}`}: ${reason}. Have one made with the registry's address as its audience.`,
  ],
  'mdlibs/no-terminal': [
    codes.denied,
    ({ wanted }) =>
      `${wanted} is needed, and there is no terminal to ask. Use a token: MDLIBS_TOKEN, or mdlibs login --token -`,
  ],
  'mdlibs/no-such-token': [
    codes.notFound,
    ({ token }) => `You have no token "${token}". mdlibs token list shows those you have.`,
  ],
  'mdlibs/no-such-invitation': [
    codes.notFound,
    ({ team }) => `${team} does not ask you to join. mdlibs team invitations shows who does.`,
  ],
  'mdlibs/ambiguous-token': [
    codes.usage,
    ({ token, ids }) => `Several of your tokens are called "${token}". Say which: ${ids}`,
  ],
  'mdlibs/untrusted-certificate': [
    codes.denied,
    ({ registry, reason }) =>
      `${registry} is not proven to be itself: ${reason}. If the certificate is your own, name its authority: --cafile FILE, or mdlibs config set cafile FILE.`,
  ],
  'mdlibs/no-such-host': [
    codes.unreachable,
    ({ registry, reason }) =>
      `${registry}: ${reason}. Is its address right? mdlibs registry list shows them.`,
  ],
  'mdlibs/unreachable': [
    codes.unreachable,
    ({ registry, reason }) =>
      `No answer from the registry ${registry} (${reason}). Is it up? curl ${registry}/health; --timeout waits longer; mdlibs registry list shows which are known.`,
  ],
  'mdlibs/redirected': [
    codes.refused,
    ({ registry, to }) =>
      `${registry} sends us to ${to}. If that is right, use it: mdlibs registry add NAME ${to}`,
  ],
  'mdlibs/not-a-registry': [
    codes.refused,
    ({ registry, reason }) =>
      `What ${registry} answers is not what registries answer (${reason}). Is its address right?`,
  ],
  'mdlibs/login-needed': [
    codes.denied,
    (detail) => {
      const otherwise =
        detail['hasToken'] === true ? 'This token is not accepted.' : 'This needs a token.'
      return said(detail, { otherwise, next: loginHint }) + missedToken(detail)
    },
  ],
  'mdlibs/denied': [
    codes.denied,
    (detail) =>
      said(detail, {
        otherwise: 'You may not do that.',
        next: 'mdlibs whoami shows who you are.',
      }) + missedToken(detail),
  ],
  'mdlibs/absent': [
    codes.notFound,
    (detail) =>
      said(detail, {
        otherwise: 'There is no such thing.',
        next: 'mdlibs find TEXT looks for libraries; what is private is only seen after mdlibs login.',
      }) + missedToken(detail),
  ],
  'mdlibs/gone': [
    codes.notFound,
    (detail) =>
      said(detail, { otherwise: 'It was deleted.', next: 'mdlibs versions shows what there is.' }),
  ],
  'mdlibs/too-large': [codes.refused, (detail) => said(detail, { otherwise: 'It is too large.' })],
  'mdlibs/busy': [
    codes.unreachable,
    (detail) => said(detail, { otherwise: 'Too many requests.', next: 'Try again later.' }),
  ],
  'mdlibs/server-failed': [
    codes.unreachable,
    (detail) =>
      said(detail, {
        otherwise: `It fails (${detail['status']}).`,
        next: 'Try again; its operator can look the request up.',
      }),
  ],
  'mdlibs/refused': [codes.refused, (detail) => said(detail, { otherwise: 'It refuses.' })],
  'mdlibs/no-such-document': [
    codes.notFound,
    ({ document }) => `Document not found: ${document}. mdlibs list shows those there are.`,
  ],
  'mdlibs/outside-library': [
    codes.refused,
    ({ document, root }) => `${document} leads out of the library ${root}, and is not touched.`,
  ],
  'mdlibs/not-markdown': [
    codes.usage,
    ({ document }) => `${document} is no markdown file (.md or .markdown).`,
  ],
  'mdlibs/not-utf8': [
    codes.refused,
    ({ document }) => `${document} is not UTF-8. Convert it first, with iconv for example.`,
  ],
  'mdlibs/mistaken-settings': [
    codes.usage,
    ({ path, mistakes }) =>
      `${path} cannot be used:\n${String(mistakes).replaceAll(/^/gm, '  - ')}\nSee docs/use/mdlibs.md.`,
  ],
  'mdlibs/malformed-registry': [
    codes.usage,
    ({ url, reason }) =>
      `"${url}" is not the address of a registry: ${reason}. One looks like https://libraries.example.org`,
  ],
  'mdlibs/unknown-registry': [
    codes.notFound,
    ({ name, scope }) =>
      `No registry is called "${name}"${scope === undefined ? '' : `, which is said to have @${scope}`}. ` +
      'mdlibs registry list shows those there are; mdlibs registry add NAME URL adds one.',
  ],
  'mdlibs/registry-exists': [
    codes.refused,
    ({ name }) =>
      `A registry is called "${name}" already. Choose another name, or take that one out first: mdlibs registry remove ${name}`,
  ],
  'mdlibs/registry-not-agreed': [
    codes.denied,
    ({ origin, file }) =>
      `The ${file} of this project names the registry ${origin}, and you have not agreed to use it. ` +
      `If you trust it: mdlibs registry add NAME ${origin}, or set MDLIBS_REGISTRY_URL=${origin}`,
  ],
}

/** The registry's own words, and its hint or ours. */
function said(
  { registry, message, hint, requestId }: FaultDetail,
  { otherwise, next }: { readonly otherwise: string; readonly next?: string },
): string {
  const step = hint ?? next
  const whole = `${registry}: ${message ?? otherwise}${step === undefined ? '' : ` ${step}`}`
  return requestId === undefined ? whole : `${whole} (request ${requestId})`
}

function missedToken({ tokenIsFor }: FaultDetail): string {
  return tokenIsFor === undefined
    ? ''
    : ` MDLIBS_TOKEN was not sent: it is for ${tokenIsFor}. Say MDLIBS_REGISTRY_URL where it is for another.`
}

export function explainMdlibs(error: unknown): MdlibsExplained {
  if (error instanceof Fault && isKnown(error.code)) {
    const [exitCode, tell] = explainers[error.code]
    return { code: error.code, text: tell(error.detail), exitCode }
  }
  return explainCli(error, {})
}

function isKnown(code: string): code is keyof typeof explainers {
  return Object.hasOwn(explainers, code)
}
