/** Signing in elsewhere, in the browser of `libraries.test.ts`: the provider is another site, as it is in life. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { type LibrarySite, password } from './library-site.ts'

const olu = { sub: 'user-9', preferred_username: 'olu-elsewhere', name: 'Olu' }
const alice = { sub: 'user-7', preferred_username: 'Alice', name: 'Alice A.' }

export function testSignOn(site: () => LibrarySite, skip: string | false): void {
  /** For browsers a port makes no other site, but a name does. */
  const home = (): string => site().server.url.replace('127.0.0.1', 'localhost')

  const signInHere = async (page: Page): Promise<void> => {
    await page.goto(`${home()}/login?next=/account`)
    await page.getByLabel('Name').fill('olu')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  test('signing in elsewhere: there, a yes, and back to the page that was asked for', {
    skip,
  }, async () => {
    const { issuer, open } = site()
    Object.assign(issuer, { person: alice, asksFirst: true })
    await using opened = await open('/')
    const { page, complaints } = opened
    await page.goto(`${home()}/account`)
    await page.getByRole('link', { name: 'Continue with The house' }).click()
    equal(new URL(page.url()).origin, new URL(issuer.url).origin)
    await page.getByRole('link', { name: 'Allow' }).click()
    await page.waitForURL(`${home()}/account`)
    await page.getByRole('link', { name: '@alice' }).first().waitFor()
    const cookies = await page.context().cookies(home().replace('http:', 'https:'))
    const login = cookies.find(({ name }) => name === '__Host-mdlibs')
    deepEqual([login?.httpOnly, login?.secure, login?.sameSite], [true, true, 'Strict'])
    await page.getByRole('button', { name: 'Sign out' }).click()
    match(await page.locator('.done').innerText(), /signed out/)
    deepEqual(complaints, [])
  })

  test('whoever says no at the provider is told so, and is not signed in', { skip }, async () => {
    const { issuer, open } = site()
    Object.assign(issuer, { person: alice, asksFirst: true })
    await using opened = await open('/')
    const { page } = opened
    await page.goto(`${home()}/login?next=/account`)
    await page.getByRole('link', { name: 'Continue with The house' }).click()
    await page.getByRole('link', { name: 'Refuse' }).click()
    equal(await page.getByRole('heading', { level: 1 }).innerText(), 'You are not signed in')
    match(await page.locator('main').innerText(), /access_denied/)
    const names = (await page.context().cookies()).map(({ name }) => name)
    equal(names.includes('__Host-mdlibs'), false)
    await page.getByRole('link', { name: 'Back to signing in' }).click()
    await page.waitForURL('**/login')
  })

  test('somebody who has a password adds a sign-in elsewhere, comes back by it, and takes it away', {
    skip,
  }, async () => {
    const { issuer, open, setPassword } = site()
    Object.assign(issuer, { person: olu, asksFirst: true })
    await setPassword('olu')
    await using opened = await open('/')
    const { page, complaints } = opened
    await signInHere(page)
    const logins = page.getByRole('region', { name: 'Signing in elsewhere' })
    match(await logins.innerText(), /So far you sign in here/)
    await logins.getByRole('link', { name: 'Add The house' }).click()
    await page.getByRole('link', { name: 'Allow' }).click()
    await page.waitForURL(`${home()}/account`)
    match(await logins.innerText(), /The house as user-9, since/)
    equal(await logins.getByRole('link').count(), 0)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.goto(`${home()}/login?next=/account`)
    await page.getByRole('link', { name: 'Continue with The house' }).click()
    await page.getByRole('link', { name: 'Allow' }).click()
    await page.getByRole('link', { name: '@olu' }).first().waitFor()
    await logins.getByRole('button', { name: 'Take away The house' }).click()
    match(await page.locator('.done').innerText(), /taken away/)
    match(await logins.innerText(), /So far you sign in here/)
    deepEqual(complaints, [])
  })

  test('a sign-in that somebody else is known by is not added, and nobody loses the only one', {
    skip,
  }, async () => {
    const { issuer, open, setPassword } = site()
    Object.assign(issuer, { person: alice, asksFirst: false })
    await using opened = await open('/')
    const { page } = opened
    await page.goto(`${home()}/login?next=/account`)
    await page.getByRole('link', { name: 'Continue with The house' }).click()
    await page.waitForURL(`${home()}/account`)
    const logins = page.getByRole('region', { name: 'Signing in elsewhere' })
    await logins.getByRole('button', { name: 'Take away The house' }).click()
    match(await logins.getByRole('alert').innerText(), /only way you have to sign in/)
    match(await logins.innerText(), /The house as user-7/)
    await setPassword('olu')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signInHere(page)
    await page.getByRole('link', { name: 'Add The house' }).click()
    equal(await page.getByRole('heading', { level: 1 }).innerText(), 'That sign-in is taken')
    await page.getByRole('link', { name: 'Back to the account' }).click()
    match(await logins.innerText(), /So far you sign in here/)
  })

  test('a way back that was begun in no browser of ours is a page for people, a problem for programs', {
    skip,
  }, async () => {
    const { server } = site()
    const back = `${server.url}/api/v1/auth/oidc/house/callback?code=x&state=y`
    const page = await fetch(back, { headers: { accept: 'text/html,*/*;q=0.8' } })
    deepEqual([page.status, page.headers.get('content-type')], [403, 'text/html; charset=utf-8'])
    match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    match(await page.text(), /not begun in this browser/)
    const problem = await fetch(back)
    equal(problem.headers.get('content-type'), 'application/problem+json')
  })
}
