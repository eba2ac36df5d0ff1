/** What pytest's report (junit.xml) says of each test function: a function has passed when all its cases have, and none was skipped. */
export type Outcome = 'passed' | 'failed' | 'skipped'

export function readOutcomes(xml: string): ReadonlyMap<string, Outcome> {
  const outcomes = new Map<string, Outcome>()
  for (const [, attributes = '', isEmpty, content = ''] of xml.matchAll(
    /<testcase\b([^>]*?)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    const [, name = ''] = /\bname="([^"[]+)/.exec(attributes) ?? []
    const outcome = isEmpty === undefined ? outcomeOf(content) : 'passed'
    outcomes.set(name, worse(outcomes.get(name), outcome))
  }
  return outcomes
}

function outcomeOf(content: string): Outcome {
  if (/<(failure|error)\b/.test(content)) return 'failed'
  return /<skipped\b/.test(content) ? 'skipped' : 'passed'
}

function worse(one: Outcome | undefined, other: Outcome): Outcome {
  if (one === 'failed' || other === 'failed') return 'failed'
  return one === 'skipped' ? one : other
}
