/** A registry with a few people and libraries, a provider to sign in at, and a browser that looks at it: what tests of its pages share. */
import type { Page } from 'playwright-core'
import { defaultScanPolicy } from '#library/scan-policy'
import { client, type Issuer, startIssuer } from '../issuer.ts'
import {
  type LibraryServer,
  makeTeam,
  openLibraryServer,
  type ServerOptions,
} from '../library/server.ts'
import { type OpenedBrowser, type OpenedPage, type OpenOptions, startBrowser } from './browser.ts'
import { publishHandbook, publishSample } from './sample-libraries.ts'

export const password = 'four words nobody says'
export const handbook = '/@field-notes/handbook'

/** As long as a name may be. */
export const longName = `/@field-notes/${'a-name-that-is-as-long-as-many'.padEnd(64, '-x')}`

/** What attacks readers is published all the same: the pages have to stand it. */
const bySeverity = {
  info: 'warn',
  low: 'warn',
  medium: 'warn',
  high: 'warn',
  critical: 'warn',
} as const

export interface SiteOpenOptions extends Omit<OpenOptions, 'before'> {
  /** The login token of whoever has signed in. */
  readonly by?: string | undefined
}

export interface LibrarySite extends AsyncDisposable {
  readonly server: LibraryServer
  readonly issuer: Issuer
  /** Administers the team `field-notes`, of which `olu` is a member. Her token. */
  readonly maria: string
  readonly stranger: string
  /** Of who administers the registry. */
  readonly admin: string
  /** With nobody signed in but `by`. Sizes and colours that a test sets stay as they are for those who open with the same options. */
  open(path: string, options?: SiteOpenOptions): Promise<OpenedPage>
  /** As a browser asks, in one of our own pages. */
  ask(
    request: string,
    token?: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly text: string }>
  /** From now on that browser shows itself as somebody else, by a login token. */
  signIn(page: Page, token: string): Promise<void>
  setPassword(handle: string): Promise<void>
}

export async function openLibrarySite(options: ServerOptions = {}): Promise<LibrarySite> {
  const issuer = await startIssuer()
  const provider = { id: 'house', name: 'The house', url: issuer.url }
  const server = await openLibraryServer({
    rules: { scanPolicy: { ...defaultScanPolicy, bySeverity } },
    accounts: {
      providers: [{ ...provider, clientId: client.id, secret: client.secret }],
      issuers: [{ url: issuer.url }],
    },
    ...options,
  })
  const [maria, olu] = [await server.person('maria'), await server.person('olu')]
  const stranger = await server.person('stranger')
  await makeTeam(server, 'field-notes', { admin: maria.actor, members: { member: olu.actor } })
  const admin = await server.administrator('keeper')
  await publishHandbook(server, maria.token)
  const advisory = {
    ...{ scope: 'field-notes', name: 'handbook', range: '<2.0.0', patched: '2.1.0' },
    ...{ severity: 'high', title: 'The checklist sends people over the ice' },
    details: 'It was written in winter.\n\nTake the one of 2.1.0.',
  }
  await server.ask('POST /advisories', { token: admin, json: advisory })
  const files = { 'README.md': '# Secret\n' }
  const secret = { library: '@maria/secret', version: '1.0.0', token: maria.token, files }
  await publishSample(server, { ...secret, visibility: 'private' })
  const wide = { library: longName.slice(1), version: '1.0.0-rc.20261122', token: maria.token }
  await publishSample(server, { ...wide, files: { 'README.md': `# ${'Long'.repeat(40)}\n` } })
  const browser: OpenedBrowser = await startBrowser()
  /** A context takes longer to begin than most tests take: who is done with one leaves it to the next that wants such a one. */
  const idle = new Map<string, OpenedPage[]>()
  const borrow = async (wanted: OpenOptions): Promise<OpenedPage> => {
    const key = JSON.stringify(wanted)
    const free = idle.get(key) ?? []
    idle.set(key, free)
    const opened = free.pop() ?? (await browser.open('about:blank', wanted))
    return {
      ...opened,
      async [Symbol.asyncDispose]() {
        await opened.clear()
        free.push(opened)
      },
    }
  }

  const signIn = async (page: Page, value: string): Promise<void> => {
    const cookie = { name: '__Host-mdlibs', value, url: server.url.replace('http:', 'https:') }
    await page
      .context()
      .addCookies([{ ...cookie, httpOnly: true, secure: true, sameSite: 'Strict' }])
  }

  return {
    ...{ server, issuer, admin, maria: maria.token, stranger: stranger.token, signIn },
    async open(path, { by, ...more } = {}) {
      const opened = await borrow(more)
      if (by !== undefined) await signIn(opened.page, by)
      await opened.page.goto(`${server.url}${path}`)
      return opened
    },
    async ask(request, token, form = {}) {
      const [method = '', path = ''] = request.split(' ')
      const response = await fetch(`${server.url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          origin: server.url,
          accept: 'text/html',
          ...(token === undefined ? {} : { cookie: `__Host-mdlibs=${token}` }),
          ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        ...(method === 'POST' ? { body: new URLSearchParams(form) } : {}),
      })
      return { status: response.status, text: await response.text() }
    },
    async setPassword(handle) {
      await server.accounts.logins.setPassword(handle, password)
    },
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await issuer[Symbol.asyncDispose]()
    },
  }
}

/** Of requests, those to another host. */
export function strangersAmong(
  { server }: LibrarySite,
  requests: readonly string[],
): readonly string[] {
  return requests.filter(
    (request) =>
      !/^(?:GET|POST) (?:about:blank|SERVER\/)/.test(request.replace(server.url, 'SERVER')),
  )
}

export async function focused(page: Page): Promise<string> {
  return await page.evaluate(
    () => document.activeElement?.textContent?.replaceAll(/\s+/g, ' ').trim() ?? '',
  )
}

/** Presses Tab until that has the focus. */
export async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(page)) === text) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${text}`)
}
