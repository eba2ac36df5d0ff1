/** A real PgBouncer in transaction mode before a PostgreSQL server, started by a test and stopped. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, giveAway, unprivileged, untilSaid } from './server.ts'

export interface Pooler extends AsyncDisposable {
  /** The address of a database, by way of the pooler. */
  through(url: string): string
}

/** Fewer sessions than we open connections, so that they are really shared. */
const sessions = 3

export async function startPooler({ port }: { readonly port: number }): Promise<Pooler> {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-pgbouncer-'))
  const ownPort = await freePort()
  const files = {
    'pgbouncer.ini': `
      [databases]
      * = host=127.0.0.1 port=${port}
      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = ${ownPort}
      unix_socket_dir =
      auth_type = trust
      auth_file = ${join(root, 'users.txt')}
      pool_mode = transaction
      default_pool_size = ${sessions}
    `.replaceAll(/^ +/gm, ''),
    'users.txt': '"mycelium" ""\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  for (const path of [root, ...Object.keys(files).map((name) => join(root, name))])
    await giveAway(path)
  const child = spawn('pgbouncer', [join(root, 'pgbouncer.ini')], {
    ...unprivileged,
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilSaid(child, 'process up')
  return {
    through: (url) => Object.assign(new URL(url), { port: String(ownPort) }).href,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      await rm(root, { recursive: true, force: true })
    },
  }
}
