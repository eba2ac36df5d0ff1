/** docs/compat/s3.md, made from the routes of the door, AWS's list of operations and the tests; docs/compat/cdn.md and docs/compat/libraries.md: `npm run compat`. */
import { writeFileSync } from 'node:fs'
import { type Feature, features, shown } from './features.ts'
import { librariesPageUrl, makeLibrariesPage } from './libraries.ts'
import { linksPageUrl, makeLinksPage } from './links.ts'
import {
  isEmpty,
  isServed,
  operationsBeside,
  operationsOfAws,
  refusalOf,
  refusals,
  shortcomings,
} from './operations.ts'
import { type Proof, proofsOf, readProofs, tellProofs } from './proofs.ts'

const root = new URL('../../', import.meta.url)
export const pageUrl = new URL('docs/compat/s3.md', root)

export function makePage(): string {
  const all = readProofs(root, 'test/integration/**/*.test.ts')
  const proofs = all.filter(({ file }) => !/\/(registry|libraries|people)\//.test(file)) // their requests are not S3's
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

if (import.meta.main) {
  writeFileSync(pageUrl, makePage())
  writeFileSync(linksPageUrl, makeLinksPage(root))
  writeFileSync(librariesPageUrl, makeLibrariesPage(root))
}
