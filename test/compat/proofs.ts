/** Which tests exercise an operation: read from the tests themselves. */
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
