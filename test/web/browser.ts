/** A real Chromium, started by a test with a profile of its own, and stopped. It resolves no name but this machine's. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { whyWithout } from '../debian-packages.ts'

/** Why there can be no test; `false` when there can. */
export const withoutBrowser = whyWithout('chromium')

const executablePath = '/usr/bin/chromium'

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface BrowserOptions {
  /** A certificate, in PEM, that it shall believe. */
  readonly certificate?: string
}

export interface OpenedBrowser extends AsyncDisposable {
  /** In a context of its own: nothing is cached, nothing is known. */
  open(url: string, options?: OpenOptions): Promise<OpenedPage>
}

export interface OpenOptions extends BrowserContextOptions {
  /** Runs in the page before its own scripts. */
  readonly before?: () => void
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page
  /** What it asked, with everything that was sent along, one request a line. */
  readonly requests: readonly string[]
  /** By URL, what `X-Cache` said. */
  readonly cached: ReadonlyMap<string, string>
  /** What it complained of: exceptions, and what its policy has stopped. */
  readonly complaints: readonly string[]
  /** Nobody is signed in any more, and nothing has been asked or complained of: for the next test, which needs no context of its own. */
  clear(): Promise<void>
}

export async function startBrowser({ certificate }: BrowserOptions = {}): Promise<OpenedBrowser> {
  const believed =
    certificate === undefined
      ? []
      : [`--ignore-certificate-errors-spki-list=${publicKeyHash(certificate)}`]
  const rules = '--host-resolver-rules=MAP *.links.test 127.0.0.1'
  const browser = await chromium.launch({
    executablePath,
    args: [...quiet, ...believed, rules],
  })
  return {
    open: (url, options) => openPage(browser, url, options),
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

async function openPage(
  browser: Browser,
  url: string,
  { before, ...options }: OpenOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  const cached = new Map<string, string>()
  page.on('request', (request) => {
    const sent = Object.entries(request.headers()).map(([name, value]) => `${name}: ${value}`)
    requests.push([request.method(), request.url(), ...sent].join(' '))
  })
  page.on('response', (response) => {
    const told = response.headers()['x-cache']
    if (told !== undefined) cached.set(response.url(), told)
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d|status of 5\d\d/.test(message.text()))
      complaints.push(message.text())
  })
  if (before !== undefined) await context.addInitScript(before)
  await page.goto(url)
  const opened: OpenedPage = {
    page,
    requests,
    cached,
    complaints,
    async clear() {
      await page.goto('about:blank')
      await context.clearCookies()
      requests.length = 0
      complaints.length = 0
      cached.clear()
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
  return opened
}

/** https://www.rfc-editor.org/rfc/rfc7469#section-2.4 */
function publicKeyHash(path: string): string {
  const { publicKey } = new X509Certificate(readFileSync(path))
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('base64')
}
