/** What went wrong, in a sentence that names the next step, and the exit code that goes with it. One table, total; what all programs share stands in `explainCli`. */
import { explainCli } from '#cli/explain'
import { mdlibsExitCodes as codes } from '#cli/mdlibs/exit-codes'
import type { MdlibsFaultCode } from '#cli/mdlibs/faults'
import { Fault, type FaultDetail } from '#fault/fault'

type Explainer = readonly [exitCode: number, tell: (detail: FaultDetail) => string]

export interface MdlibsExplained {
  readonly code: string
  readonly text: string
  readonly exitCode: number
}

const explainers: Readonly<Record<MdlibsFaultCode, Explainer>> = {
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
