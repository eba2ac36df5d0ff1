/** Forms of those who manage libraries, in the browser of `libraries.test.ts`. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { openLibraryServer } from '../library/server.ts'
import { type LibrarySite, longName } from './library-site.ts'
import { publishSample } from './sample-libraries.ts'

const files = { 'README.md': '# One\n' }

/** What stands at a field, as it is read out with it. */
async function mistakeAt(page: Page, label: string | RegExp): Promise<string> {
  const field = page.getByLabel(label)
  await page.locator('.wrong').first().waitFor()
  equal(await field.getAttribute('aria-invalid'), 'true')
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? []
  return await page.locator(`#${ids.at(-1)}`).innerText()
}

export function testForms(site: () => LibrarySite, skip: string | false): void {
  test('a version is deleted by who writes its name, and its number is gone', {
    skip,
  }, async () => {
    const { server, maria, stranger, open, ask } = site()
    const library = '@field-notes/drafts'
    for (const version of ['1.0.0', '1.1.0'])
      await publishSample(server, { library, version, token: maria, files })
    await using opened = await open('/@field-notes/drafts/v/1.1.0', {
      by: maria,
      javaScriptEnabled: false,
    })
    const { page } = opened
    await page.getByRole('link', { name: 'Delete this version' }).click()
    match(await page.locator('main').innerText(), /cannot be taken back.*until \d+ \w+ \d{4}/s)
    await page.getByLabel('write its name').fill('1.1.0')
    await page.getByRole('button', { name: 'Delete version 1.1.0' }).click()
    match(
      await mistakeAt(page, 'write its name'),
      /not its name\. Write @field-notes\/drafts@1\.1\.0/,
    )
    equal((await ask('GET /@field-notes/drafts/v/1.1.0')).status, 200)
    await page.getByLabel('write its name').fill('@field-notes/drafts@1.1.0')
    await page.getByRole('button', { name: 'Delete version 1.1.0' }).click()
    match(await page.locator('.done').innerText(), /never used again/)
    match(await page.locator('tbody').innerText(), /1\.1\.0\s+deleted/)
    equal((await ask('GET /@field-notes/drafts/v/1.1.0')).status, 410)
    const remove = { confirm: '@field-notes/drafts@1.0.0' }
    equal((await ask('POST /@field-notes/drafts/v/1.0.0/delete', stranger, remove)).status, 403)
    equal((await ask('GET /@field-notes/drafts/v/1.0.0/delete', stranger)).status, 403)
  })

  test('a library is deleted by who writes its name', { skip }, async () => {
    const { server, maria, stranger, open, ask } = site()
    const library = '@field-notes/leaflets'
    for (const version of ['1.0.0', '1.1.0'])
      await publishSample(server, { library, version, token: maria, files })
    equal((await ask('GET /@field-notes/leaflets/delete', stranger)).status, 403)
    await using opened = await open('/@field-notes/leaflets/settings', { by: maria })
    const { page } = opened
    await page.getByRole('link', { name: 'Delete the library' }).click()
    await page.getByLabel('write its name').fill('leaflets')
    await page.keyboard.press('Enter')
    match(await mistakeAt(page, 'write its name'), /not its name/)
    await page.getByLabel('write its name').fill('@field-notes/leaflets')
    await page.keyboard.press('Enter')
    match(await page.locator('.done').innerText(), /All versions/)
    ok(!(await page.locator('.results').innerText()).includes('leaflets'))
    await page.goto(`${server.url}/@field-notes/leaflets`)
    match(await page.locator('.empty').innerText(), /No version is live/)
  })

  test('once the time for it is over, only an administrator is given the form to delete', {
    skip,
  }, async () => {
    await using server = await openLibraryServer({ rules: { removalWindowMs: 0 } })
    const { token } = await server.person('maria')
    const keeper = await server.administrator('keeper')
    await publishSample(server, { library: '@maria/notes', version: '1.0.0', token, files })
    const look = async (path: string, by: string): Promise<string> => {
      const headers = { cookie: `__Host-mdlibs=${by}` }
      return await (await fetch(`${server.url}${path}`, { headers })).text()
    }
    for (const path of ['/@maria/notes/v/1.0.0/delete', '/@maria/notes/delete']) {
      const theirs = await look(path, token)
      match(theirs, /too late/, path)
      ok(!theirs.includes('name="confirm"'), path)
      match(await look(path, keeper), /at any time.*name="confirm"/s, path)
    }
  })

  test('a library trusts a publisher, says so, and trusts it no longer', { skip }, async () => {
    const { server, issuer, maria, open } = site()
    await using opened = await open('/@field-notes/handbook/settings', {
      by: maria,
      javaScriptEnabled: false,
    })
    const { page } = opened
    equal(await page.getByLabel('Issuer', { exact: true }).inputValue(), issuer.url)
    await page.getByLabel('What must be so').fill('repository field-notes/handbook')
    await page.getByRole('button', { name: 'Trust it' }).click()
    match(await mistakeAt(page, 'What must be so'), /is no claim: write name = value/)
    equal(await page.getByLabel('What must be so').inputValue(), 'repository field-notes/handbook')
    await page.getByLabel('What must be so').fill('repository = *')
    await page.getByRole('button', { name: 'Trust it' }).click()
    match(await mistakeAt(page, 'What must be so'), /must say whose token it is/)
    await page.getByLabel('What must be so').fill('repository = field-notes/handbook\n\nref=a = b')
    await page.getByRole('button', { name: 'Trust it' }).click()
    match(await page.locator('.done').innerText(), /Saved/)
    const asked = await server.ask('GET /libraries/field-notes/handbook/trusted-publishers', {
      token: maria,
    })
    const { trusted_publishers: kept } = await asked.json()
    deepEqual(
      kept.map(({ issuer, claims }: { issuer: string; claims: object }) => ({ issuer, claims })),
      [{ issuer: issuer.url, claims: { repository: 'field-notes/handbook', ref: 'a = b' } }],
    )
    match(await page.locator('table').innerText(), /repository = field-notes\/handbook/)
    await page.getByRole('button', { name: /^Remove the trust/ }).click()
    equal(await page.locator('table').count(), 0)
  })

  test('what is wrong with a form of the settings stands at its field', { skip }, async () => {
    const { maria, open } = site()
    await using opened = await open('/@maria/secret/settings', { by: maria })
    const { page } = opened
    await page.getByLabel('public', { exact: false }).first().check()
    await page.locator('form[action$="/visibility"] button').click()
    match(await mistakeAt(page, /^To make it public/), /Everybody could read it/)
    ok(await page.getByLabel('public', { exact: false }).first().isChecked())
    const grant = page.locator('form[action$="/grant"]')
    await grant.getByLabel('User or team').fill('nobody-here')
    await grant.getByRole('button').click()
    match(await page.locator('#grant-handle-mistake').innerText(), /no user or team/)
    equal(await page.locator('.wrong').count(), 1)
  })

  test('an administrator says what is wrong with versions, whoever reads those is told, and it is taken back', {
    skip,
  }, async () => {
    const { server, admin, maria, open, ask } = site()
    const library = '@field-notes/recipes'
    for (const version of ['1.0.0', '2.0.0'])
      await publishSample(server, { library, version, token: maria, files })
    const path = '/@field-notes/recipes/advisories'
    ok(!(await ask(`GET ${path}`, maria)).text.includes('Publish an advisory'))
    equal((await ask(`POST ${path}`, maria, { title: 'No', range: '*' })).status, 422)
    await using opened = await open(path, { by: admin, javaScriptEnabled: false })
    const { page } = opened
    await page.getByText('Publish an advisory').click()
    await page.getByLabel('What is wrong').fill('The soup boils over')
    await page.getByLabel('In which versions').fill('before 2')
    await page.getByLabel('How bad it is').selectOption('high')
    await page.getByLabel('What happens').fill('All of it.\n\nTake a larger pot.')
    await page.getByRole('button', { name: 'Publish' }).click()
    match(await mistakeAt(page, 'In which versions'), /no range/)
    equal(await page.getByLabel('How bad it is').inputValue(), 'high')
    await page.getByLabel('In which versions').fill('<2.0.0')
    await page.getByLabel('Mended in').fill('two')
    await page.getByRole('button', { name: 'Publish' }).click()
    match(await mistakeAt(page, /^Mended in/), /not what is expected/)
    await page.getByLabel('Mended in').fill('2.0.0')
    await page.getByRole('button', { name: 'Publish' }).click()
    match(await page.locator('.done').innerText(), /published/)
    match(
      await page.getByRole('article').innerText(),
      /Of these, here\s+1\.0\.0\s+Mended in\s+2\.0\.0/,
    )
    await using read = await open('/@field-notes/recipes/v/1.0.0')
    match(await read.page.locator('.notice').innerText(), /known against version 1\.0\.0.*soup/s)
    await read.page.getByRole('link', { name: 'The soup boils over' }).click()
    match(await read.page.locator(':target').innerText(), /Take a larger pot/)
    ok(!(await ask('GET /@field-notes/recipes')).text.includes('soup'), '2.0.0 is not affected')
    match((await ask('GET /@field-notes/recipes/versions')).text, />advisory</)
    match((await ask('GET /advisories')).text, /soup/)
    await page.getByRole('button', { name: /^Withdraw/ }).click()
    match(await page.getByRole('article').innerText(), /withdrawn/)
    ok(!(await ask('GET /@field-notes/recipes/v/1.0.0')).text.includes('soup'))
  })

  test('a quota: seen by whom it is about, set by an administrator, unknown to others', {
    skip,
  }, async () => {
    const { server, admin, maria, stranger, open, ask } = site()
    match((await ask('GET /@maria', maria)).text, /of 10 GiB/)
    ok(!(await ask('GET /@maria', stranger)).text.includes('of 10 GiB'))
    equal((await ask('GET /@maria/-/quota', stranger)).status, 403)
    equal((await ask('GET /@nobody-here/-/quota', admin)).status, 404)
    ok(!(await ask('GET /@maria/-/quota', maria)).text.includes('Set the quota'))
    equal((await ask('POST /@maria/-/quota', maria, { libraries: '9' })).status, 403)
    await using opened = await open('/@maria/-/quota', { by: admin, javaScriptEnabled: false })
    const { page } = opened
    equal(
      await page
        .getByLabel(/^Space/)
        .last()
        .inputValue(),
      '10 GiB',
    )
    await page
      .getByLabel(/^Libraries/)
      .last()
      .fill('many')
    await page.getByRole('button').filter({ hasText: 'Set the quota' }).click()
    equal(await page.locator('#libraries-mistake').innerText(), 'Write a whole number.')
    await page.locator('#bytes').fill('2 MiB')
    await page.locator('#libraries').fill('1')
    await page.locator('#publishesPerDay').fill('')
    await page.getByRole('button').filter({ hasText: 'Set the quota' }).click()
    match(await page.locator('.done').innerText(), /Saved/)
    match(await page.locator('.usage').innerText(), /1 of 1 full.*without a limit/s)
    const { quota } = await (await server.ask('GET /quota', { token: maria })).json()
    deepEqual(quota, { bytes: 2 * 2 ** 20, libraries: 1 })
    await page.locator('#libraries').fill('')
    await page.getByRole('button').filter({ hasText: 'Set the quota' }).click()
    await page.locator('.done').waitFor()
  })

  test('a library that has prereleases alone shows the highest of them', { skip }, async () => {
    const { text } = await site().ask(`GET ${longName}`)
    ok(text.includes(`mdlibs install ${longName.slice(1)}@1.0.0-rc.20261122<`))
    match(text, /<article[^>]*README\.md/)
  })

  test('who is new is told how to begin, and who may not do something, no more than that', {
    skip,
  }, async () => {
    const { stranger, ask } = site()
    match((await ask('GET /@stranger', stranger)).text, /Nothing is published yet.*mdlibs init/s)
    match((await ask('GET /@stranger')).text, /none of @stranger that you may read/)
    const { text } = await ask('GET /@maria/-/quota', stranger)
    match(text, /may not do that/)
    ok(!text.includes('this library'))
  })

  test('a page that cannot be made says which request it was', { skip }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mycelium-pages-'))
    await using server = await openLibraryServer({ directory })
    const { token } = await server.person('maria')
    await publishSample(server, { library: '@maria/notes', version: '1.0.0', token, files })
    await rm(directory, { recursive: true })
    const response = await fetch(`${server.url}/@maria/notes/v/1.0.0/files/README.md`)
    equal(response.status, 500)
    const id = response.headers.get('x-request-id') ?? ''
    match(await response.text(), new RegExp(`Something broke.*request <code>${id}</code>`, 's'))
  })
}
