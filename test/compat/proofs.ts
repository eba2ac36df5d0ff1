/** Which tests exercise an operation or show a promise: read from the tests themselves. */
import { globSync, readFileSync } from 'node:fs'

export interface Proof {
  /** Relative to the root. */
  readonly file: string
  readonly title: string
  /** What the test does, with what the functions of its file do that it calls, as text. */
  readonly body: string
}

/** Every test that stands in these files, in their order. */
export function readProofs(root: URL, pattern: string): readonly Proof[] {
  const files = globSync(pattern, { cwd: root.pathname }).sort()
  return files.flatMap((file) => testsOf(file, readFileSync(new URL(file, root), 'utf8')))
}

const declaration = /^(?:export )?(?:async )?(?:function\*?|const) (\w+)/

export function testsOf(file: string, text: string): readonly Proof[] {
  const pieces = text.split(/^(?=(?: {2}){0,2}(?:test|it)\(|[a-z])/m)
  const functions = pieces.flatMap((piece) => {
    const name = declaration.exec(piece)?.[1]
    return name === undefined ? [] : [{ name: new RegExp(`\\b${name}\\b`), body: piece }]
  })
  const unfold = (body: string): string => {
    const called = functions.filter(({ name }) => name.test(body)).map((one) => one.body)
    return called.every((one) => body.includes(one)) ? body : unfold([body, ...called].join('\n'))
  }
  return pieces.flatMap((piece) => {
    const [, , title] = /^ *(?:test|it)\(\s*(['"`])((?:\\.|(?!\1).)+)\1/.exec(piece) ?? []
    if (title === undefined) return []
    return [{ file, title: title.replaceAll('\\', ''), body: unfold(piece) }]
  })
}

/** Requests that tests write by hand. */
const byHand: Readonly<Record<string, RegExp>> = { Preflight: /access-control-request-method/i }

/** Those that send the operation as a command of the SDK, or name it. */
export function proofsOf(operation: string, proofs: readonly Proof[]): readonly Proof[] {
  const named = new RegExp(`\\b${operation}(Command\\b|['"\`])`)
  return proofs.filter(({ body }) => named.test(body) || byHand[operation]?.test(body))
}

/** Tests named in a row. Numbers of the others would make the page old with every new test. */
const namedMax = 2

/** First those that are about S3 itself, then whatever else does it. */
export function tellProofs(proofs: readonly Proof[]): string {
  const sorted = [...proofs].sort((one, other) => Number(isAside(one)) - Number(isAside(other)))
  const named = sorted.slice(0, namedMax).map(({ file, title }) => {
    const name = file
      .split('/')
      .at(-1)
      ?.replace(/\.test\.ts$/, '')
    const plain = title
      .replaceAll('|', '\\|')
      .replaceAll(/\$\{[^}]*\}+/g, '…')
      .replaceAll('<', '&lt;')
    return `[${name}](../../${file}): ${plain}`
  })
  return [...named, ...(sorted.length > namedMax ? ['and more'] : [])].join('; ')
}

function isAside({ file }: Proof): boolean {
  return !file.includes('/s3/') && !file.startsWith('src/')
}
