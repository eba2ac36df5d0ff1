/** Real balancers before several registries, started by a test with the configuration that docs/operate/cdn.md shows. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, globSync, openSync, readFileSync, writeSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority } from '../../certificate.ts'
import { blockOf } from '../../operate-page.ts'
import { freePort } from '../../postgres/server.ts'
import { until } from '../../until.ts'

export interface Balancer extends AsyncDisposable {
  readonly url: string
}

export interface CachingBalancer extends Balancer {
  /** What it keeps of an answer; `undefined` when it keeps none. */
  entryOf(path: string, body: Uint8Array): CacheEntry | undefined
}

/** An answer's body where a cache keeps it. */
export interface CacheEntry {
  flip(at: number, bit: number): void
  restore(): void
}

/** With a cache; it needs `openssl` too. */
export async function startNginx(instances: readonly number[]): Promise<CachingBalancer> {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-nginx-'))
  const [port, tlsPort] = [await freePort(), await freePort()]
  const { certificate, privateKey } = makeAuthority(root).issue('cdn')
  const site = replaceAll(blockOf('cdn', 'nginx'), {
    ...atPorts(instances),
    'listen 80;': `listen 127.0.0.1:${port};`,
    'listen 443 ssl;': `listen 127.0.0.1:${tlsPort} ssl;`,
    '/etc/ssl/cdn.example.org.pem': certificate,
    '/etc/ssl/cdn.example.org.key': privateKey,
    '/var/cache/nginx/links': join(root, 'links'),
  })
  const started = await startNginxWith(site, { root, port })
  return {
    ...started,
    entryOf: (path, body) =>
      globSync('links/**/*', { cwd: root, withFileTypes: true })
        .filter((found) => found.isFile())
        .map((found) => join(found.parentPath, found.name))
        .filter((kept) => readFileSync(kept, 'latin1').includes(`\nKEY: ${path}\n`))
        .flatMap((kept) => entryIn(kept, body) ?? [])[0],
  }
}

/** With that inside of its block `http`. It answers on `port`, in clear text at least; `root` is removed in the end. */
export async function startNginxWith(
  site: string,
  { root, port }: { readonly root: string; readonly port: number },
): Promise<Balancer> {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  for (const name of folders) await mkdir(join(root, name))
  const paths = folders.map((name) => `${name}_temp_path ${join(root, name)};`).join(' ')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const file = join(root, 'nginx.conf')
  await writeFile(
    file,
    `daemon off; ${user} pid ${join(root, 'pid')}; error_log stderr; worker_processes 2;
    events { worker_connections 256; }
    http { access_log off; ${paths}\n${site}\n}`,
  )
  return await start('nginx', ['-p', root, '-c', file], { root, port })
}

/** With a cache in a file. */
export async function startVarnish(instances: readonly number[]): Promise<CachingBalancer> {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-varnish-'))
  const port = await freePort()
  const file = join(root, 'default.vcl')
  const named = { '.port = "8081";': `.port = "${instances[0]}";` }
  await writeFile(file, replaceAll(blockOf('cdn', 'vcl'), named))
  const kept = join(root, 'kept')
  const places = ['-n', join(root, 'work'), '-s', `file,${kept},64M`, '-f', file]
  const args = ['-F', '-j', 'none', '-a', `127.0.0.1:${port}`, ...places]
  const started = await start('varnishd', args, { root, port })
  return { ...started, entryOf: (_path, body) => entryIn(kept, body) }
}

/** Whoever has the file in its memory sees what is changed in it. A body may be there more than once: what Varnish has moved stays where it was. */
function entryIn(file: string, body: Uint8Array): CacheEntry | undefined {
  const places = placesOf(body, readFileSync(file))
  if (places.length === 0) return undefined
  const put = (bytes: Uint8Array, at: number): void => {
    const opened = openSync(file, 'r+')
    for (const place of places) writeSync(opened, bytes, 0, bytes.length, place + at)
    closeSync(opened)
  }
  return {
    flip: (at, bit) => put(Uint8Array.of((body[at] ?? 0) ^ (1 << bit)), at),
    restore: () => put(body, 0),
  }
}

function placesOf(bytes: Uint8Array, within: Buffer): readonly number[] {
  const places: number[] = []
  for (let at = within.indexOf(bytes); at >= 0; at = within.indexOf(bytes, at + 1)) places.push(at)
  return places
}

export async function startHaproxy(instances: readonly number[]): Promise<Balancer> {
  const root = await mkdtemp(join(tmpdir(), 'mycelium-haproxy-'))
  const port = await freePort()
  const file = join(root, 'haproxy.cfg')
  const config = replaceAll(blockOf('cdn', 'haproxy'), {
    ...atPorts(instances),
    'bind :80': `bind 127.0.0.1:${port}`,
  })
  await writeFile(file, config)
  return await start('haproxy', ['-db', '-f', file], { root, port })
}

function atPorts(instances: readonly number[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    instances.map((port, index) => [`127.0.0.1:${8081 + index}`, `127.0.0.1:${port}`]),
  )
}

function replaceAll(text: string, by: Readonly<Record<string, string>>): string {
  return Object.entries(by).reduce((made, [from, to]) => {
    if (!made.includes(from)) throw new Error(`the page no longer has ${from}`)
    return made.replaceAll(from, to)
  }, text)
}

async function start(
  program: string,
  args: readonly string[],
  { root, port }: { readonly root: string; readonly port: number },
): Promise<Balancer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const url = `http://127.0.0.1:${port}`
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`)
      return await fetch(`${url}/health`).then(
        ({ status }) => status,
        () => 0,
      )
    },
    (status) => status === 200,
  )
  return {
    url,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      await rm(root, { recursive: true, force: true })
    },
  }
}
