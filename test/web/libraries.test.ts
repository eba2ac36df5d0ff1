/** Pages of libraries in a real browser, on a real listener: what they show, by keyboard, without scripts, in the dark; and what they keep from strangers. */
import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { pageRoutes } from '#api/library/pages/door'
import { totpCode, totpStep } from '#identity/totp'
import { withoutBrowser } from './browser.ts'
import { testForms } from './library-forms.ts'
import { testSignOn } from './library-sign-on.ts'
import {
  focused,
  handbook,
  type LibrarySite,
  longName,
  openLibrarySite,
  password,
  strangersAmong,
  tabTo,
} from './library-site.ts'
import { publishSample } from './sample-libraries.ts'

const skip = withoutBrowser
let site: LibrarySite

if (skip === false) {
  before(async () => {
    site = await openLibrarySite()
  })
  after(() => site[Symbol.asyncDispose]())
}

test('whoever has no script finds, reads and compares all the same', { skip }, async () => {
  await using opened = await site.open('/', { javaScriptEnabled: false })
  const { page, requests } = opened
  await page.getByRole('searchbox').fill('expedition notes')
  await page.getByRole('searchbox').press('Enter')
  match(await page.getByRole('status').innerText(), /^1 library/)
  match(await page.locator('.why').innerText(), /expedition in its description/)
  await page.getByRole('link', { name: '@field-notes/handbook', exact: true }).click()
  equal(await page.getByRole('heading', { level: 1 }).innerText(), '@field-notes/handbook')
  match(
    await page.locator('aside code').first().innerText(),
    /^mdlibs install @field-notes\/handbook$/,
  )
  const readme = page.getByRole('article', { name: 'README.md' })
  match(await readme.innerText(), /in version 2\.1\.0/)
  match(await readme.innerText(), /<script>window\.hasRun=1<\/script>/)
  await readme.getByRole('link', { name: 'field guide' }).click()
  match(page.url(), /\/v\/2\.1\.0\/files\/docs\/guide\.md#md-in-the-field$/)
  equal(await page.locator(':target').innerText(), 'In the field')
  await page.getByRole('link', { name: 'Versions' }).click()
  const rows = await page.locator('tbody th').allInnerTexts()
  deepEqual(
    rows.map((row) => row.replaceAll(/\s+/g, ' ').trim()),
    [
      '2.1.0 latest',
      '2.0.0 yanked The checklist lost its third page',
      '1.4.2 deprecated advisory Use 2.x',
    ],
  )
  await page.getByRole('link', { name: 'changes since 1.4.2' }).click()
  match(await page.locator('.diff .added').allInnerTexts().then(String), /Never in pencil/)
  await page.getByRole('link', { name: 'Search inside' }).click()
  await page.getByRole('searchbox', { name: 'Search in handbook' }).fill('pencil')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: /^Line \d+$/ }).click()
  equal(await page.locator(':target').innerText(), 'Never in pencil.')
  deepEqual(strangersAmong(site, requests), [])
})

test('by keyboard alone: past the head, into a search, to a library', { skip }, async () => {
  await using opened = await site.open('/search')
  const { page } = opened
  await page.keyboard.press('Tab')
  equal(await focused(page), 'Skip to the content')
  await page.keyboard.press('Enter')
  equal(await page.evaluate(() => document.activeElement?.id), 'main')
  await tabTo(page, '@field-notes/handbook')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${handbook}`)
  await tabTo(page, 'Files')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${handbook}/v/2.1.0/files`)
  await tabTo(page, 'docs/')
  const outline = await page.evaluate(
    () => getComputedStyle(document.activeElement ?? document.body).outlineWidth,
  )
  equal(outline, '3px')
})

test('a button copies the line that installs', { skip }, async () => {
  const permissions = ['clipboard-read', 'clipboard-write']
  await using opened = await site.open(handbook, { permissions })
  const { page } = opened
  await page.getByRole('button', { name: 'Copy' }).first().click()
  await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  equal(copied, 'mdlibs install @field-notes/handbook')
})

test('signing in: a mistake is told, what is secret is not kept, and a sign-out ends it', {
  skip,
}, async () => {
  await site.setPassword('olu')
  await using opened = await site.open('/account')
  const { page, requests } = opened
  equal(new URL(page.url()).search, '?next=%2Faccount')
  await page.getByLabel('Name', { exact: true }).fill('olu')
  await page.getByLabel('Password').fill('not this one')
  await page.keyboard.press('Enter')
  match(await page.getByRole('alert').innerText(), /do not belong together/)
  equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'olu')
  equal(await page.getByLabel('Password').inputValue(), '')
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/account')
  const [cookie] = await page.context().cookies()
  deepEqual(
    [cookie?.name, cookie?.httpOnly, cookie?.secure, cookie?.sameSite, cookie?.path],
    ['__Host-mdlibs', true, true, 'Strict', '/'],
  )
  equal(await page.evaluate(() => document.cookie), '')
  doesNotMatch(requests.map((request) => request.split(' ')[1]).join(), new RegExp(password))
  const token = cookie?.value
  equal((await site.server.ask('GET /users/me', { token })).status, 200)
  await page.getByRole('button', { name: 'Sign out' }).click()
  match(await page.locator('.done').innerText(), /signed out/)
  deepEqual(await page.context().cookies(), [])
  equal((await site.server.ask('GET /users/me', { token })).status, 401)
})

test('a token is shown once, does what it may, and nothing once it is revoked', {
  skip,
}, async () => {
  await using opened = await site.open('/account', { by: site.maria })
  const { page } = opened
  await page.getByText('Make a token').click()
  await page.getByLabel('What it is for').fill('laptop')
  await page.getByLabel('publish publish versions').uncheck()
  await page.getByLabel('Days until it expires').fill('4000')
  await page.getByRole('button', { name: 'Make the token' }).click()
  match(await page.locator('.wrong').innerText(), /days/)
  await page.getByLabel('Days until it expires').fill('7')
  await page.getByRole('button', { name: 'Make the token' }).click()
  const token = await page.locator('.secret-text').innerText()
  match(token, /^mdl_[\w-]{43}$/)
  equal((await site.server.ask('GET /libraries/maria/secret', { token })).status, 200)
  await page.getByRole('link', { name: 'I have it' }).click()
  doesNotMatch(await page.content(), new RegExp(token))
  await page.getByRole('button', { name: 'Revoke the token laptop' }).click()
  match(await page.locator('.done').innerText(), /revoked/)
  equal((await site.server.ask('GET /libraries/maria/secret', { token })).status, 401)
})

test('codes: set up, asked for, and given up', { skip }, async () => {
  await site.setPassword('stranger')
  await using opened = await site.open('/account/codes', { by: site.stranger })
  const { page } = opened
  await page.getByLabel('Your password').fill(password)
  await page.getByRole('button', { name: 'Begin' }).click()
  equal(await page.locator('.codes li').count(), 10)
  const secret = fromBase32(
    (await page.locator('.copy code').first().innerText()).replaceAll(' ', ''),
  )
  const step = totpStep(Date.now())
  await page.getByLabel('Code').fill('000000')
  await page.getByRole('button', { name: 'Turn codes on' }).click()
  match(await page.locator('.wrong').innerText(), /not the code/)
  await page.getByLabel('Code').fill(totpCode(secret, step))
  await page.getByRole('button', { name: 'Turn codes on' }).click()
  match(await page.locator('.done').innerText(), /Codes are on/)
  await using again = await site.open('/login')
  await again.page.getByLabel('Name', { exact: true }).fill('stranger')
  await again.page.getByLabel('Password').fill(password)
  await again.page.keyboard.press('Enter')
  match(await again.page.locator('.wrong').innerText(), /code/)
  await again.page.getByLabel('Password').fill(password)
  await again.page.getByLabel(/^Code/).fill(totpCode(secret, step + 1))
  await again.page.keyboard.press('Enter')
  await again.page.waitForURL('**/')
})

test('registering, mistakes at their fields', { skip }, async () => {
  await using opened = await site.open('/register')
  const { page } = opened
  await page.getByLabel('Name', { exact: true }).fill('Not A Name')
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Register' }).click()
  equal(await page.getByLabel('Name', { exact: true }).getAttribute('aria-invalid'), 'true')
  const described = await page.getByLabel('Name', { exact: true }).getAttribute('aria-describedby')
  match(described ?? '', /username-mistake/)
  await page.getByLabel('Name', { exact: true }).fill('ada')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Register' }).click()
  await page.waitForURL('**/login?done=registered')
  await page.getByLabel('Name', { exact: true }).fill('ada')
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: '@ada' }).waitFor()
})

test('a team: made, somebody asked, a role given, and the last admin stays', { skip }, async () => {
  await using opened = await site.open('/new-team', { by: site.maria })
  const { page } = opened
  await page.getByLabel('Name', { exact: true }).fill('lab-notes')
  await page.getByLabel(/^Full name/).fill('Notes of the lab')
  await page.getByRole('button', { name: 'Make the team' }).click()
  equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Members of Notes of the lab')
  await page.getByLabel('Name', { exact: true }).fill('nobody-here')
  await page.getByRole('button', { name: 'Invite' }).click()
  match(await page.locator('.wrong').innerText(), /no user "nobody-here"/)
  await page.getByLabel('Name', { exact: true }).fill('@stranger')
  await page.getByRole('button', { name: 'Invite' }).click()
  await using asked = await site.open('/account', { by: site.stranger })
  await asked.page.getByRole('button', { name: 'Accept to join lab-notes' }).click()
  await asked.page.getByRole('link', { name: '@lab-notes' }).waitFor()
  await page.reload()
  await page.getByLabel('Role of stranger').selectOption('reader')
  await page.getByRole('button', { name: 'Set the role of stranger' }).click()
  equal(await page.getByLabel('Role of stranger').inputValue(), 'reader')
  await page.getByRole('button', { name: 'Leave lab-notes' }).click()
  match(await page.getByRole('alert').innerText(), /at least one admin/)
})

test('what is staged waits in the queue until somebody approves it', { skip }, async () => {
  const library = '@field-notes/staged'
  const files = { 'README.md': '# One\n' }
  const publish = (version: string) =>
    publishSample(site.server, { library, version, token: site.maria, files })
  await publish('1.0.0')
  await using opened = await site.open(`/@field-notes/staged/settings`, { by: site.maria })
  const { page } = opened
  await page.getByLabel(/^Staged/).check()
  await page.locator('form[action$="/settings/publishing"] button').click()
  await publish('1.1.0')
  await page.goto(`${site.server.url}/moderation`)
  await page.getByRole('button', { name: 'Approve @field-notes/staged 1.1.0' }).click()
  match(await page.locator('.done').innerText(), /live/)
  await publish('1.2.0')
  await page.goto(`${site.server.url}/moderation`)
  equal(await page.getByLabel('Reason').getAttribute('maxlength'), '1000')
  await page.getByLabel('Reason').fill('Not this one')
  await page.getByRole('button', { name: 'Reject @field-notes/staged 1.2.0' }).click()
  match(await page.locator('.empty').innerText(), /Nothing waits/)
  await page.goto(`${site.server.url}/@field-notes/staged`)
  match(await page.locator('.pills').innerText(), /1\.1\.0 latest/)
  await page.getByText('Yank …').click()
  await page.getByLabel('Why').fill('A page is missing')
  await page.getByRole('button', { name: 'Yank' }).click()
  match(
    await page.locator('.notice.problem').innerText(),
    /was yanked by @maria: A page is missing/,
  )
})

test('what is private looks as if it were not there, to the letter, on every page', {
  skip,
}, async () => {
  const ofLibraries = pageRoutes.filter(({ path }) => path.startsWith('/@{scope}/{name}'))
  ok(ofLibraries.length > 20)
  const address = (path: string, name: string): string =>
    path
      .replace('{scope}', 'maria')
      .replace('{name}', name)
      .replace('{version}', '1.0.0')
      .replace('{path*}', 'README.md')
  for (const { method, path } of ofLibraries) {
    for (const token of [undefined, site.stranger]) {
      const answers = ['secret', 'absent'].map(async (name) => {
        const { status, text } = await site.ask(`${method} ${address(path, name)}`, token)
        return { status, text: text.replaceAll(name, 'NAME') }
      })
      const [there, absent] = await Promise.all(answers)
      deepEqual(there, absent, `${method} ${path}`)
      ok([303, 400, 401, 404].includes(there?.status ?? 0), `${method} ${path}: ${there?.status}`)
    }
  }
  for (const path of ['/', '/search', '/search?q=secret', '/@maria'])
    for (const token of [undefined, site.stranger])
      doesNotMatch((await site.ask(`GET ${path}`, token)).text, /maria\/secret/)
  match((await site.ask('GET /@maria', site.maria)).text, /maria\/<?\/?[a-z]*>?secret/)
})

test('a form that another page sends does nothing', { skip }, async () => {
  const form = 'reason=because'
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const yank = `${site.server.url}${handbook}/v/2.1.0/yank`
  for (const origin of [
    undefined,
    'null',
    'https://evil.example',
    site.server.url.replace('127.0.0.1', 'localhost'),
  ]) {
    const response = await fetch(yank, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...headers,
        cookie: `__Host-mdlibs=${site.maria}`,
        ...(origin === undefined ? {} : { origin }),
      },
      body: form,
    })
    equal(response.status, 403, String(origin))
  }
  doesNotMatch((await site.ask(`GET ${handbook}/v/2.1.0`)).text, /was yanked/)
  await using opened = await site.open('/', { by: site.maria })
  const { page } = opened
  await page.goto('about:blank') // whose origin is nobody's
  await page.setContent(
    `<form method="post" action="${yank}"><input name="reason" value="x"><button>Go</button></form>`,
  )
  await page.getByRole('button').click()
  await page.getByText('not sent by a page of this server').waitFor()
})

test('files come as what they are, and run nothing when they are opened by themselves', {
  skip,
}, async () => {
  const raw = `${handbook}/v/2.1.0/raw`
  for (const [path, type] of [
    ['img/way.svg', 'image/svg+xml'],
    ['img/dot.png', 'image/png'],
    ['docs/guide.md', 'text/plain; charset=utf-8'],
    ['docs/days.csv', 'text/plain; charset=utf-8'],
  ] as const) {
    const { status, headers } = await fetch(`${site.server.url}${raw}/${path}`)
    deepEqual([status, headers.get('content-type')], [200, type])
    match(headers.get('content-security-policy') ?? '', /default-src 'none'.*sandbox/)
    equal(headers.get('x-content-type-options'), 'nosniff')
  }
  await using opened = await site.open(`${raw}/img/way.svg`)
  equal(await opened.page.evaluate(() => 'hasRun' in window), false)
  await using withPicture = await site.open(`${handbook}/v/2.1.0/files/img/way.svg`)
  const width = await withPicture.page
    .getByRole('img', { name: 'img/way.svg' })
    .evaluate((image) => (image as HTMLImageElement).naturalWidth)
  equal(width, 320)
})

testForms(() => site, skip)
testSignOn(() => site, skip)

test('a page that has not changed is not sent again, and is nobody else’s', { skip }, async () => {
  const first = await fetch(`${site.server.url}${handbook}`)
  const etag = first.headers.get('etag') ?? ''
  match(first.headers.get('cache-control') ?? '', /private/)
  match(first.headers.get('vary') ?? '', /Cookie/)
  const again = await fetch(`${site.server.url}${handbook}`, { headers: { 'if-none-match': etag } })
  equal(again.status, 304)
  const cookie = `__Host-mdlibs=${site.maria}`
  const signedIn = await fetch(`${site.server.url}${handbook}`, { headers: { cookie } })
  notEqual(signedIn.headers.get('etag'), etag)
})

/** Every kind of page there is, and who looks at it. */
const pages: readonly (readonly [path: string, by?: 'maria' | 'admin'])[] = [
  ['/'],
  ['/search?q=notes&sort=downloads'],
  [`${handbook}/v/1.4.2`],
  [`${handbook}/v/2.0.0`, 'maria'],
  [`${handbook}/versions`],
  [`${handbook}/v/2.1.0/files`],
  [`${handbook}/v/2.1.0/files/docs/guide.md`],
  [`${handbook}/v/2.1.0/files/docs/guide.md?plain=1`],
  [`${handbook}/v/2.1.0/files/img/way.svg`],
  [`${handbook}/compare?from=1.4.2&to=2.1.0`],
  [`${handbook}/search?q=notes`],
  [`${handbook}/advisories`, 'admin'],
  [`${handbook}/settings`, 'maria'],
  [`${handbook}/v/2.1.0/delete`, 'maria'],
  ['/@field-notes', 'maria'],
  ['/@field-notes/-/members', 'maria'],
  ['/@maria/-/quota', 'admin'],
  ['/advisories'],
  ['/login?next=/account'],
  ['/register'],
  ['/account', 'maria'],
  ['/account/codes', 'maria'],
  ['/moderation', 'admin'],
  ['/@nobody/nothing'],
]
/** More pages of these kinds, and the longest names. */
const pagesAlike = [
  handbook,
  `${handbook}/delete`,
  `${handbook}/v/2.1.0/files/docs`,
  '/search?q=zzzzqqqq',
  '/@maria',
  '/new-team',
  ...['', '/versions', '/settings', '/delete', '/v/1.0.0-rc.20261122/files'].map(
    (path) => longName + path,
  ),
]

test('every page suits everybody: names, landmarks, contrast by day and by night, on a phone', {
  skip,
}, async () => {
  const content = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  const byReader = [...Map.groupBy(pages, ([, by]) => by)]
  const looking = byReader.map(async ([who, theirs]) => {
    const by = who === undefined ? undefined : site[who]
    await using opened = await site.open('/', { by, reducedMotion: 'reduce' })
    const { page, requests, complaints } = opened
    await page.addInitScript({ content })
    for (const [path] of theirs) {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1200, height: 800 })
      await page.goto(`${site.server.url}${path}`)
      deepEqual(await violationsIn(page), [], `${path} by day`)
      await page.emulateMedia({ colorScheme: 'dark' })
      deepEqual(await violationsIn(page, ofColors), [], `${path} by night`)
      await page.setViewportSize({ width: 320, height: 640 })
      deepEqual(await outlineOf(page), outline, path)
    }
    deepEqual(complaints, [])
    deepEqual(strangersAmong(site, requests), [])
  })
  await Promise.all(looking)
})

test('on a phone a difference can be read, every tab is there, and long names are broken', {
  skip,
}, async () => {
  const { signIn, server, maria } = site
  const phone = { viewport: { width: 320, height: 640 }, colorScheme: 'dark' } as const
  await using opened = await site.open('/', phone)
  const { page } = opened
  await signIn(page, maria)
  await page.goto(`${server.url}${handbook}/compare?from=1.4.2&to=2.1.0`)
  const text = await page.locator('.diff .added td:last-child').first().boundingBox()
  ok((text?.width ?? 0) > 150, `${text?.width} px for a line of text`)
  for (const tab of await page.locator('.tabs a').all()) {
    const box = await tab.boundingBox()
    ok(box !== null && box.x + box.width <= 320, await tab.innerText())
  }
  for (const path of pagesAlike) {
    await page.goto(`${server.url}${path}`)
    deepEqual(await outlineOf(page), outline, path)
  }
})

const ofColors = ['color-contrast', 'link-in-text-block']
/** Of each page, by night, on a phone. */
const outline = {
  paper: 'rgb(20, 24, 26)',
  landmarks: [1, 1, 1],
  titles: 1,
  scrollsSideways: false,
  hasRun: false,
}

async function outlineOf(page: Page): Promise<typeof outline> {
  return await page.evaluate(() => ({
    paper: getComputedStyle(document.body).backgroundColor,
    landmarks: ['body > header', 'body > main', 'body > footer'].map(
      (selector) => document.querySelectorAll(selector).length,
    ),
    titles: document.querySelectorAll('h1').length,
    scrollsSideways: document.documentElement.scrollWidth > innerWidth,
    hasRun: 'hasRun' in window,
  }))
}

/** https://dequeuniversity.com/rules/axe/ */
async function violationsIn(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  return await page.evaluate(async (only) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run({
      preload: false,
      resultTypes: ['violations'],
      ...(only === undefined ? {} : { runOnly: { type: 'rule', values: [...only] } }),
    })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }, rules)
}

function fromBase32(text: string): Uint8Array {
  const bits = [...text]
    .map((letter) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    )
    .join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}
