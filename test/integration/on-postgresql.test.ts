/** What the domains and doors promise holds on PostgreSQL as on SQLite: their own tests, run again on a server. */
import { equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, describe, test } from 'node:test'
import { findPostgres, startPostgres } from '../postgres/server.ts'
import { testFlags } from '../runner/run-file.ts'

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres({ settings: ['fsync=off'] }) : undefined
after(() => server?.[Symbol.asyncDispose]())

/** Below `test/integration/`: those that between them run every statement. */
const files = [
  'accounts.test.ts',
  'encryption.test.ts',
  'kms.test.ts',
  'libraries.test.ts',
  'library-search.test.ts',
  'lifecycle.test.ts',
  'locks.test.ts',
  'logins.test.ts',
  'object-store.test.ts',
  'packs.test.ts',
  'people/programs.test.ts',
  'people/registration.test.ts',
  'people/sign-on.test.ts',
  'people/teams.test.ts',
  'people/tokens.test.ts',
  'quotas.test.ts',
  'repair.test.ts',
  'versions.test.ts',
  's3/access.test.ts',
  's3/iam.test.ts',
  's3/logging.test.ts',
  's3/notifications.test.ts',
  's3/replication.test.ts',
]

/** Each takes some seconds. */
const fileTimeoutMs = 180_000

describe('on PostgreSQL', { skip: !hasPostgres && 'no PostgreSQL server to start' }, () => {
  for (const file of files)
    test(file, async () => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env
      const child = spawn(
        process.execPath,
        [...testFlags, '--test-reporter=tap', new URL(file, import.meta.url).pathname],
        {
          env: { ...env, MYCELIUM_TEST_POSTGRES: server?.url },
          stdio: ['ignore', 'pipe', 'inherit'],
          ...{ timeout: fileTimeoutMs, killSignal: 'SIGKILL' }, // what it said until then is shown
        },
      )
      let said = ''
      child.stdout.on('data', (text) => {
        said += text
      })
      const [code] = await once(child, 'close')
      equal(code, 0, said)
    })
})
