/** docs/compat/s3.md, made from the routes of the door, AWS's list of operations and the tests: `npm run compat`. */
import { writeFileSync } from 'node:fs'
import { type Feature, features, shown } from './features.ts'
import {
  isEmpty,
  isServed,
  operationsBeside,
  operationsOfAws,
  refusalOf,
  refusals,
  shortcomings,
} from './operations.ts'
import { type Proof, proofsOf, readProofs } from './proofs.ts'

const root = new URL('../../', import.meta.url)
export const pageUrl = new URL('docs/compat/s3.md', root)

/** Tests named in a row. Numbers of the others would make the page old with every new test. */
const namedMax = 2

export function makePage(): string {
  const proofs = readProofs(root, 'test/integration/**/*.test.ts')
  const ofFeatures = [...proofs, ...readProofs(root, 'src/**/*.test.ts')]
  const operations = [...operationsOfAws, ...operationsBeside]
  const served = operations.filter((operation) => isServed(operation) && !isEmpty(operation))
  const there = features.filter((feature) => statusOf(feature, ofFeatures) === 'yes')
  return `# S3, operation by operation

Made by \`npm run compat\` from the routes of the door, the list of operations of AWS's SDK and the tests; a test fails when it is old. How much of the field's own suite passes:
\`npm run conformance\`.

## Features

${there.length} of ${features.length} in full.

| # | feature | status | shown by |
| ---: | --- | --- | --- |
${features.map((feature, index) => `| ${index + 1} ${featureRow(feature, ofFeatures)}`).join('\n')}

## Operations

${served.length} of ${operations.length} (AWS's list, and the two that are no commands of an SDK).

| operation | status | shown by |
| --- | --- | --- |
${operations.map((operation) => operationRow(operation, proofs)).join('\n')}

## Why not

${Object.entries(refusals)
  .map(([name, reason]) => `- **${name}**: ${reason}`)
  .join('\n')}
`
}

function statusOf(feature: Feature, proofs: readonly Proof[]): 'yes' | 'partly' | 'not yet' {
  if (shown(feature, proofs).length === 0) return 'not yet'
  return feature.isPartial ? 'partly' : 'yes'
}

function featureRow(feature: Feature, proofs: readonly Proof[]): string {
  const status = statusOf(feature, proofs)
  const { remark } = feature
  const told = remark === undefined || status === 'not yet' ? status : `${status}: ${remark}`
  return `| ${feature.name} | ${told} | ${tellProofs(shown(feature, proofs))} |`
}

function operationRow(operation: string, proofs: readonly Proof[]): string {
  const isThere = isServed(operation)
  return `| \`${operation}\` | ${tell(operation)} | ${isThere ? tellProofs(proofsOf(operation, proofs)) : ''} |`
}

function tell(operation: string): string {
  if (isEmpty(operation)) return 'partly: there never is any'
  const missing = shortcomings[operation]
  if (isServed(operation)) return missing === undefined ? 'yes' : `partly: ${missing}`
  const refusal = refusalOf(operation)
  return refusal === undefined ? 'not yet' : `no: [${refusal}](#why-not)`
}

/** First those that are about S3 itself, then whatever else does it. */
function tellProofs(proofs: readonly Proof[]): string {
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

if (import.meta.main) writeFileSync(pageUrl, makePage())
