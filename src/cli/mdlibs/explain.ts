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
