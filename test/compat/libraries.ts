/** The 72 requirements of the first design of the libraries' registry, and every endpoint, each with the tests that show it: docs/compat/libraries.md. */
import { accountRoutes } from '#api/accounts/routes'
import { apiBase } from '#api/bases'
import { libraryRoutes } from '#api/library/routes'
import { type Proof, readProofs, tellProofs } from './proofs.ts'

interface Requirement {
  readonly id: string
  readonly name: string
  readonly shownBy: RegExp
  /** What measures it, where no test asserts it: machines differ. */
  readonly measuredBy?: string
}

export const requirements: Readonly<Record<string, readonly Requirement[]>> = {
  'Publishing and discovery': [
    { id: 'PUB-001', name: 'a user publishes a library', shownBy: /REQ-PUB-001\b/ },
    {
      id: 'PUB-002',
      name: 'its identity is its name and its scope, a user or a team',
      shownBy:
        /REQ-PUB-002\b|libraries\.test\.ts: nobody publishes where|mdlibs\/registry\.test\.ts: teams are made/,
    },
    {
      id: 'PUB-003',
      name: 'versions are semver 2.0.0',
      shownBy: /REQ-PUB-003\b|words\.test\.ts: versions are semver/,
    },
    {
      id: 'PUB-004',
      name: 'structure and metadata are validated',
      shownBy:
        /REQ-PUB-004\b|archive\.test\.ts: refused|words\.test\.ts: what is wrong with a manifest/,
    },
    {
      id: 'PUB-005',
      name: 'metadata: name, version, description, author, tags, license',
      shownBy: /REQ-PUB-005\b|words\.test\.ts: a manifest is read whole/,
    },
    {
      id: 'DISC-001',
      name: 'search over name, description, tags and texts',
      shownBy: /REQ-DISC-001\b|mdlibs\/registry\.test\.ts: libraries by words/,
    },
    {
      id: 'DISC-002',
      name: 'all libraries are listed',
      shownBy: /REQ-DISC-002\b|endpoints\.test\.ts: REQ-DISC-001/,
    },
    { id: 'DISC-003', name: 'details of a library are shown', shownBy: /REQ-DISC-003\b/ },
    {
      id: 'DISC-004',
      name: 'lists have pages',
      shownBy: /REQ-DISC-004\b|endpoints\.test\.ts: REQ-DISC-001/,
    },
    {
      id: 'DISC-005',
      name: 'sorted by name, downloads, time and relevance',
      shownBy: /REQ-DISC-005\b|endpoints\.test\.ts: REQ-DISC-001/,
    },
    { id: 'DOWN-001', name: 'a library is downloaded', shownBy: /REQ-DOWN-001\b/ },
    {
      id: 'DOWN-002',
      name: 'specific versions, ranges and tags',
      shownBy: /REQ-DOWN-002\b|libraries\.test\.ts: ranges, tags and exact/,
    },
    {
      id: 'DOWN-003',
      name: 'downloads are counted',
      shownBy:
        /REQ-DOWN-003\b|libraries\.test\.ts: downloads are counted|endpoints\.test\.ts: REQ-MON-001/,
    },
  ],
  'People, rights, teams and scopes': [
    {
      id: 'AUTH-001',
      name: 'API tokens',
      shownBy: /REQ-AUTH-001\b|tokens\.test\.ts: a token is made/,
    },
    {
      id: 'AUTH-002',
      name: 'tokens are made and revoked',
      shownBy:
        /REQ-AUTH-002\b|tokens\.test\.ts: a token is made|instances\.test\.ts: a token that one has revoked/,
    },
    {
      id: 'AUTH-003',
      name: 'tokens expire when they are told to',
      shownBy: /REQ-AUTH-003\b|tokens\.test\.ts: how long a token is good/,
    },
    {
      id: 'AUTH-004',
      name: 'sign-in with OpenID Connect, and trusted publishing',
      shownBy:
        /REQ-AUTH-004\b|sign-on\.test\.ts: (somebody new comes|a build that a library trusts)/,
    },
    {
      id: 'AUTHZ-001',
      name: 'reading without a token, which can be switched off',
      shownBy:
        /REQ-AUTHZ-001\b|library\/door\.test\.ts: where nobody is served|libraries\.test\.ts: and nobody reads anything/,
    },
    {
      id: 'AUTHZ-002',
      name: 'people publish under their own name',
      shownBy: /REQ-AUTHZ-002\b|libraries\.test\.ts: nobody publishes where/,
    },
    {
      id: 'AUTHZ-003',
      name: "members publish under their team's",
      shownBy:
        /REQ-AUTHZ-003\b|matrix\.test\.ts: every operation is in|mdlibs\/registry\.test\.ts: teams are made/,
    },
    {
      id: 'AUTHZ-004',
      name: 'owners delete their versions',
      shownBy: /REQ-AUTHZ-004\b|libraries\.test\.ts: within 72 hours/,
    },
    {
      id: 'AUTHZ-005',
      name: 'administrators may do anything',
      shownBy:
        /REQ-AUTHZ-005\b|registration\.test\.ts: administrators see|matrix\.test\.ts: every operation is in/,
    },
    {
      id: 'TEAM-001',
      name: 'teams are made',
      shownBy: /REQ-TEAM-001\b|people\/teams\.test\.ts: a team is made/,
    },
    {
      id: 'TEAM-002',
      name: 'a team has a name space of its own',
      shownBy: /REQ-TEAM-002\b|people\/teams\.test\.ts: teams and users share their names/,
    },
    {
      id: 'TEAM-003',
      name: 'people are in one or more teams',
      shownBy: /REQ-TEAM-003\b|people\/teams\.test\.ts: somebody is asked/,
    },
    {
      id: 'TEAM-004',
      name: 'libraries of teams are public, internal or private',
      shownBy: /REQ-TEAM-004\b|libraries\.test\.ts: becomes public only/,
    },
    {
      id: 'TEAM-005',
      name: 'admins manage members and what they may do',
      shownBy: /REQ-TEAM-005\b|people\/teams\.test\.ts: roles are changed/,
    },
    {
      id: 'SCOPE-001',
      name: 'libraries are of a user or a team',
      shownBy:
        /REQ-SCOPE-001\b|matrix\.test\.ts: every operation is in|libraries\.test\.ts: nobody publishes where/,
    },
    {
      id: 'SCOPE-002',
      name: 'a name is there once within a scope',
      shownBy:
        /REQ-SCOPE-002\b|libraries\.test\.ts: (a number is given once|a name that looks like)/,
    },
    {
      id: 'SCOPE-003',
      name: 'written `@scope/name`, with or without `@` in addresses',
      shownBy: /REQ-SCOPE-003\b|endpoints\.test\.ts: REQ-DISC-003/,
    },
  ],
  'Monitoring, limits and security': [
    { id: 'MON-001', name: 'downloads of each library', shownBy: /REQ-MON-001\b/ },
    {
      id: 'MON-002',
      name: 'use of the API by user',
      shownBy: /REQ-MON-002\b|libraries\.test\.ts: requests are counted/,
    },
    {
      id: 'MON-003',
      name: 'who published and deleted what is logged',
      shownBy: /REQ-MON-003\b|registration\.test\.ts: the audit log is read/,
    },
    {
      id: 'MON-004',
      name: 'reports for administrators',
      shownBy:
        /REQ-MON-004\b|endpoints\.test\.ts: REQ-MON-00[12]|libraries\.test\.ts: figures of all/,
    },
    {
      id: 'LIMIT-001',
      name: 'quotas of storage for users and teams',
      shownBy: /REQ-LIMIT-001\b|libraries\.test\.ts: each limit is told/,
    },
    {
      id: 'LIMIT-002',
      name: 'limits on requests',
      shownBy: /REQ-LIMIT-002\b|library\/door\.test\.ts: budgets are counted/,
    },
    {
      id: 'LIMIT-003',
      name: 'largest size of a library',
      shownBy: /REQ-LIMIT-003\b|archive\.test\.ts: each limit is kept/,
    },
    {
      id: 'SEC-001',
      name: 'tokens are hashed',
      shownBy: /REQ-SEC-001\b|accounts\.test\.ts: no secret lies in the database/,
    },
    {
      id: 'SEC-002',
      name: 'HTTPS',
      shownBy:
        /REQ-SEC-002\b|mdlibs\/real-use\.test\.ts: a certificate|integration\/tls\.test\.ts|registry\/tls\.test\.ts/,
    },
    {
      id: 'SEC-003',
      name: 'contents are checked for what is dangerous',
      shownBy:
        /REQ-SEC-003\b|library\/scan\.test\.ts: found|libraries\.test\.ts: what a policy blocks/,
    },
    {
      id: 'SEC-004',
      name: 'audit log',
      shownBy:
        /REQ-SEC-004\b|instances\.test\.ts: REQ-MON-003|registration\.test\.ts: the audit log/,
    },
    {
      id: 'SEC-005',
      name: 'private libraries are guarded, and not told from absent ones',
      shownBy: /REQ-SEC-005\b|matrix\.test\.ts: (.* of a library that is|lists, figures)/,
    },
    {
      id: 'SEC-006',
      name: 'a policy for web pages of others (CORS)',
      shownBy: /REQ-SEC-006\b|library\/door\.test\.ts: pages of other origins/,
    },
    {
      id: 'SEC-007',
      name: 'no injection of statements or scripts',
      shownBy:
        /REQ-SEC-007\b|library\/door\.test\.ts: every answer is data|sql\.contract\.ts|library\/words\.test\.ts: names are lower-case/,
    },
  ],
  'Running it, the command line, and what is not a function': [
    {
      id: 'DEPLOY-001',
      name: 'Docker',
      shownBy: /REQ-DEPLOY-001\b|image\.test\.ts: the compose file has a registry of libraries/,
    },
    {
      id: 'DEPLOY-002',
      name: 'PostgreSQL and SQLite',
      shownBy:
        /REQ-DEPLOY-002\b|instances\.test\.ts: what one has published|change-log\.test\.ts: begin at the same moment/,
    },
    {
      id: 'DEPLOY-003',
      name: "file system, S3, and the project's own object store",
      shownBy: /REQ-DEPLOY-003\b|libraries\/archives?\.test\.ts|contract\/archive-store\.test\.ts/,
    },
    { id: 'DEPLOY-004', name: 'environment variables and a file', shownBy: /REQ-DEPLOY-004\b/ },
    {
      id: 'OPS-001',
      name: 'a health endpoint',
      shownBy: /REQ-OPS-001\b|front\.test\.ts: health is a word/,
    },
    {
      id: 'OPS-002',
      name: 'Prometheus',
      shownBy:
        /REQ-OPS-002\b|libraries\/up\.test\.ts: REQ-DEPLOY-003|operate-pages\.test\.ts: metrics\.md/,
    },
    { id: 'OPS-003', name: 'a log in JSON', shownBy: /REQ-OPS-003\b|open-telemetry\.test\.ts: / },
    {
      id: 'OPS-004',
      name: 'servers beside each other',
      shownBy:
        /REQ-OPS-004\b|instances\.test\.ts: what one has published|instances\.test\.ts: of publishers/,
    },
    {
      id: 'CLI-001',
      name: '`publish`',
      shownBy:
        /REQ-CLI-001\b|mdlibs\/real-use\.test\.ts: three real bodies|mdlibs\/registry\.test\.ts: a version never changes/,
    },
    {
      id: 'CLI-002',
      name: '`install`',
      shownBy:
        /REQ-CLI-002\b|mdlibs\/real-use\.test\.ts: three real bodies|mdlibs\/registry\.test\.ts: takes what a library needs/,
    },
    {
      id: 'CLI-003',
      name: '`search` in the registry',
      shownBy: /REQ-CLI-003\b|mdlibs\/registry\.test\.ts: libraries by words/,
    },
    {
      id: 'CLI-004',
      name: '`login`',
      shownBy: /REQ-CLI-004\b|mdlibs\/registry\.test\.ts: a password is asked for/,
    },
    {
      id: 'CLI-005',
      name: "the registry's address is a setting",
      shownBy: /REQ-CLI-005\b|mdlibs\/settings\.test\.ts: are added, listed/,
    },
    {
      id: 'CLI-CFG-001',
      name: 'registries named in `.mdlibs.toml`',
      shownBy: /REQ-CLI-CFG-001\b|mdlibs\/settings\.test\.ts: a project's registry/,
    },
    {
      id: 'CLI-CFG-002',
      name: 'several registries',
      shownBy:
        /REQ-CLI-CFG-002\b|mdlibs\/settings\.test\.ts: (are added, listed|flag, environment)/,
    },
    {
      id: 'CLI-CFG-003',
      name: "tokens are kept safe in the user's configuration",
      shownBy: /REQ-CLI-CFG-003\b|mdlibs\/settings\.test\.ts: a token is for the registry/,
    },
    {
      id: 'PERF-001',
      name: '95 of 100 answers within 200 ms',
      shownBy: /REQ-PERF-001\b/,
      measuredBy: 'bench/rows/library-requests.ts',
    },
    {
      id: 'PERF-002',
      name: '95 of 100 searches within 500 ms',
      shownBy: /REQ-PERF-002\b/,
      measuredBy: 'bench/rows/library-search.ts',
    },
    { id: 'PERF-003', name: '100 requests at a time', shownBy: /REQ-PERF-003\b/ },
    {
      id: 'REL-001',
      name: '99.9 % of the time: readiness, orderly stop',
      shownBy:
        /REQ-REL-001\b|front\.test\.ts: health is a word|libraries\/instances\.test\.ts: what one has published/,
    },
    {
      id: 'REL-002',
      name: 'transactions',
      shownBy:
        /REQ-REL-002\b|change-log\.test\.ts: begin at the same moment|libraries\.test\.ts: of two who publish/,
    },
    {
      id: 'REL-003',
      name: 'uploads that fail leave nothing',
      shownBy:
        /REQ-REL-003\b|crash\/library\.test\.ts: over|libraries\.test\.ts: what is refused leaves/,
    },
    {
      id: 'SCALE-001',
      name: '10,000 libraries and more',
      shownBy: /REQ-SCALE-001\b/,
      measuredBy: 'bench/rows/library-search.ts',
    },
    { id: 'SCALE-002', name: '1,000 users at a time', shownBy: /REQ-SCALE-002\b/ },
    {
      id: 'SCALE-003',
      name: 'storage grows',
      shownBy: /REQ-SCALE-003\b|up\.test\.ts: REQ-DEPLOY-003/,
    },
    { id: 'USE-001', name: 'the conventions of REST', shownBy: /REQ-USE-001\b/ },
    {
      id: 'USE-002',
      name: 'problems that say what to do',
      shownBy: /REQ-USE-002\b|library\/door\.test\.ts: (a problem has|each mistake)/,
    },
    {
      id: 'USE-003',
      name: 'complete, current documents',
      shownBy: /REQ-USE-003\b|operate-pages\.test\.ts: libraries/,
    },
  ],
}

/** What the first design lists as endpoints, and where each of them is now. */
export const firstDesign: readonly string[] = [
  ...['POST /auth/register', 'POST /auth/login', 'POST /auth/logout', 'GET /auth/tokens'],
  ...['POST /auth/tokens', 'DELETE /auth/tokens/{id}', 'GET /users/me', 'GET /libraries'],
  ...[
    'GET /libraries/{scope}/{name}',
    'POST /libraries',
    'GET /libraries/{scope}/{name}/{version}',
  ],
  ...['DELETE /libraries/{scope}/{name}/{version}', 'GET /libraries/{scope}/{name}/versions'],
  ...['GET /libraries/{scope}/{name}/{version}/download', 'GET /teams', 'POST /teams'],
  ...['GET /teams/{id}', 'PUT /teams/{id}', 'DELETE /teams/{id}', 'GET /teams/{id}/members'],
  ...['POST /teams/{id}/members', 'DELETE /teams/{id}/members/{uid}', 'GET /stats/downloads'],
  'GET /stats/libraries',
]

/** Tests that name several requests at once, in their titles. */
const byTitle: Readonly<Record<string, RegExp>> = {
  FinishSignOn: /\/start, callback/,
  ReplaceTeam: /PUT, PATCH, DELETE \/teams/,
  DeclineInvitation: /accept, decline/,
}

export const librariesPageUrl = new URL('../../docs/compat/libraries.md', import.meta.url)

export function readLibraryProofs(root: URL): readonly Proof[] {
  return [...readProofs(root, 'test/**/*.test.ts'), ...readProofs(root, 'src/**/*.test.ts')]
}

export function provenBy({ shownBy }: Requirement, proofs: readonly Proof[]): readonly Proof[] {
  return proofs.filter(({ file, title }) => shownBy.test(`${file}: ${title}`))
}

/** Tests of a file about people name the requests that they are of; those about libraries ask them in their bodies. */
export function proofsOfEndpoint(
  {
    method,
    path,
    operation,
  }: { readonly method: string; readonly path: string; readonly operation: string },
  proofs: readonly Proof[],
): readonly Proof[] {
  const named = new RegExp(`\\b${operation}\\b`)
  const asked = new RegExp(requestPattern(method, path))
  return proofs.filter(
    ({ file, title, body }) =>
      /integration\/(libraries|people)\//.test(file) &&
      (named.test(title) || asked.test(body) || byTitle[operation]?.test(title)),
  )
}

/** As tests write it: each name stands for any text but a slash, and what libraries have in common for anything. */
function requestPattern(method: string, path: string): string {
  const pattern = path
    .replace(/^\/libraries\/\{scope\}\/\{name\}/, '<library>')
    .replaceAll(/\{\w+\*\}/g, '[^`\'" ]+')
    .replaceAll(/\{\w+\}/g, '[^/`\'" ?]+')
    .replace('<library>', '[^ `\'"]*')
  return `\\b${method} ${pattern}(?=[\`'"?])`
}

export function makeLibrariesPage(root: URL): string {
  const proofs = readLibraryProofs(root)
  const all = Object.values(requirements).flat()
  const met = all.filter((one) => provenBy(one, proofs).length > 0)
  const measured = all.filter((one) => one.measuredBy !== undefined && !met.includes(one))
  const parts = Object.entries(requirements).map(
    ([title, ofIt]) => `## ${title}

| requirement | what | status | shown by |
| --- | --- | --- | --- |
${ofIt.map((one) => rowOf(one, proofs)).join('\n')}
`,
  )
  const routes = [...libraryRoutes, ...accountRoutes]
  return `# Libraries, requirement by requirement

Made by \`npm run compat\` from the requirements and endpoints of the registry's first design, the operations of the door, and the tests; a test fails when it is old. Of ${all.length} requirements ${met.length} are shown by tests, and ${measured.length} are measured.

${parts.join('\n')}
## Endpoints

All below \`${apiBase}\`; ● marks those of the first design, which has \`/health\` and \`/metrics\` besides ([status pages](../operate/libraries.md#health-metrics-logs)). Who may do what with each of them is the [authorisation matrix](../../test/integration/libraries/matrix.test.ts).

| endpoint | | shown by |
| --- | --- | --- |
${routes.map((route) => endpointRow(route, proofs)).join('\n')}
`
}

function rowOf(one: Requirement, proofs: readonly Proof[]): string {
  const found = provenBy(one, proofs)
  const { id, name, measuredBy } = one
  if (found.length > 0) return `| REQ-${id} | ${name} | yes | ${tellProofs(found)} |`
  if (measuredBy === undefined) return `| REQ-${id} | ${name} | not yet | |`
  return `| REQ-${id} | ${name} | measured | [${measuredBy}](../../${measuredBy}) |`
}

function endpointRow(
  route: { readonly method: string; readonly path: string; readonly operation: string },
  proofs: readonly Proof[],
): string {
  const { method, path } = route
  const mark = firstDesign.includes(`${method} ${path}`) ? '●' : ''
  return `| \`${method} ${path}\` | ${mark} | ${tellProofs(proofsOfEndpoint(route, proofs))} |`
}
