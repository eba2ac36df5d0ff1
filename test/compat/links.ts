/** What the documents of the links' first makers promise, each with the tests that show it: docs/compat/cdn.md. */
import { type Feature, shown } from './features.ts'
import { type Proof, readProofs, tellProofs } from './proofs.ts'

/** Under the document that promises it, in its order. */
export const promises: Readonly<Record<string, readonly Feature[]>> = {
  'The overview': [
    {
      name: '`cdn-meta` defines the metadata format: binary encoding, inputs and outputs of encryption',
      shownBy: /cdn-meta\.test\.ts: .*written and read as the vector says/,
      remark: '[the format](../formats/cdn-meta.md); `mycelium/cdn-meta` is importable on its own',
    },
    {
      name: '`mycdnctl` cuts, encrypts and codes an object, and stores its shards in Hero Redis',
      shownBy: /round-trip\.test\.ts: files of every length|vector\.test\.ts: the vector/,
    },
    {
      name: 'the registry stores and returns encrypted metadata, and can read none',
      shownBy: /http\.test\.ts: keeps what the uploader in Rust makes/,
    },
    {
      name: 'uploading a file or a directory ends with the address of its content',
      shownBy: /round-trip\.test\.ts: (prints the line|a directory: its files)/,
    },
    {
      name: 'success is told once the registry has it',
      shownBy: /round-trip\.test\.ts: nothing is called saved/,
    },
    {
      name: 'a client fetches the metadata, opens it with the key, and fetches the shards that are required',
      shownBy: /round-trip\.test\.ts: any two of five servers/,
    },
    {
      name: '`mycdnctl upload --config config.toml path/to/file.txt`',
      shownBy: /round-trip\.test\.ts: prints the line/,
    },
    {
      name: 'a session token (`AUTH`), then `SELECT`',
      shownBy: /logins\.test\.ts: with a token and with a key/,
    },
    {
      name: '`CHALLENGE`, `TOKEN`, `AUTH` with Ed25519',
      shownBy: /hero-redis-client\.test\.ts: a login with a private key is as the vector says/,
    },
    {
      name: 'shards are stored with `SET`, under the hash of the encrypted block',
      shownBy: /vector\.test\.ts: the vector: shards/,
    },
    {
      name: 'a user guide, an administrator guide, the technical specification, a sample configuration',
      shownBy: /mycdnctl\.config\.test\.ts: the sample loads|mycdnctl\/page\.test\.ts: /,
      remark:
        '[use](../use/mycdnctl.md), [operate](../operate/cdn.md), [the format](../formats/cdn-meta.md), [sample](../sample-config.toml)',
    },
  ],
  "The administrator's guide": [
    {
      name: 'metadata lies in PostgreSQL; the table and its index are made at the start',
      shownBy: /database\.test\.ts: makes the table that the registry in Rust makes/,
    },
    {
      name: 'the database and its user are made with the statements of the guide',
      shownBy: /guide\.test\.ts: the role and the database of the page/,
    },
    {
      name: '`--db-user`, `--db-password`, `--db-name`, `--db-host`, `--db-port`',
      shownBy: /database\.test\.ts: knows the flags of the registry in Rust/,
    },
    {
      name: 'the server answers on port 8080',
      shownBy: /registry\.config\.test\.ts: .*port 8080/,
    },
    {
      name: 'a systemd unit with a user of its own',
      shownBy: /unit\.test\.ts: /,
    },
    {
      name: '`POST /api/v1/metadata` with a form, as curl sends it',
      shownBy: /http\.test\.ts: keeps what the uploader in Rust makes/,
    },
    {
      name: '`GET /api/v1/metadata/{hash}`',
      shownBy: /http\.test\.ts: (a hash in capitals|what is no hash is 400)/,
      remark: 'hashes are 32 letters, as the code has it; the 64 of the guide never worked',
    },
    {
      name: 'an OpenAPI specification',
      shownBy: /openapi\.test\.ts: what is described is answered/,
    },
    {
      name: 'wildcard DNS leads `<hash>.<domain>` to the registry',
      shownBy: /http\.test\.ts: the host of a link|tls\.test\.ts: links and the registry/,
    },
    {
      name: 'logs on stdout and stderr',
      shownBy: /rights\.test\.ts: a file of tokens that changes is followed/,
    },
    {
      name: 'metrics and traces in the format of OpenTelemetry',
      shownBy: /otlp\.test\.ts: (a request is a span|the metrics are those)/,
    },
    {
      name: 'backups with `pg_dump`, and back with `psql`',
      shownBy: /guide\.test\.ts: the role and the database of the page/,
    },
    {
      name: 'several instances behind a load balancer (HAProxy, nginx)',
      shownBy: /instances\.test\.ts: (what one has taken|uploads and reads go through)/,
    },
    {
      name: 'PgBouncer between the registry and the database',
      shownBy: /registry\/database\.test\.ts: works behind PgBouncer/,
    },
    {
      name: 'rate limits, authentication of uploads',
      shownBy: /rights\.test\.ts: (with tokens|who asks too often)/,
    },
    {
      name: 'HTTPS',
      shownBy: /tls\.test\.ts: links and the registry/,
    },
    {
      name: 'input is validated',
      shownBy: /http\.test\.ts: (a form with|what is no hash|a request over the limit)/,
    },
  ],
}

export const linksPageUrl = new URL('../../docs/compat/cdn.md', import.meta.url)

export function makeLinksPage(root: URL): string {
  const proofs = [...readProofs(root, 'test/**/*.test.ts'), ...readProofs(root, 'src/**/*.test.ts')]
  const all = Object.values(promises).flat()
  const kept = all.filter((promise) => shown(promise, proofs).length > 0)
  const parts = Object.entries(promises).map(
    ([document, ofIt]) => `## ${document}

| promise | status | shown by |
| --- | --- | --- |
${ofIt.map((promise) => rowOf(promise, proofs)).join('\n')}
`,
  )
  return `# Links, promise by promise

Made by \`npm run compat\` from what the documents of the links' first makers promise, and the tests; a test fails when it is old. ${kept.length} of ${all.length} are kept.

${parts.join('\n')}`
}

function rowOf(promise: Feature, proofs: readonly Proof[]): string {
  const found = shown(promise, proofs)
  const status = found.length === 0 ? 'not yet' : 'yes'
  const told =
    promise.remark === undefined || status === 'not yet' ? status : `${status}: ${promise.remark}`
  return `| ${promise.name} | ${told} | ${tellProofs(found)} |`
}
