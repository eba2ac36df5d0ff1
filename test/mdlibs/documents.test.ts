/** The commands that know documents of this machine: as they always were, without what was wrong with them. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { openWorkplace } from './workplace.ts'

describe('init', () => {
  test('makes a directory a library, once', async () => {
    await using work = await openWorkplace()
    const first = await work.run('init', 'guides')
    equal(first.code, 0)
    match(first.stdout, /Created configuration file: guides\/\.mdlibs\.toml\n/)
    match(first.stdout, /\nMarkdown library initialized successfully at: guides\n$/)
    equal(await work.read('guides/.mdlibs.toml'), '[library]\nname = "guides"\nversion = "0.1.0"\n')
    deepEqual((await readdir(work.path('guides'))).sort(), ['.mdlibs.toml', 'docs', 'templates'])
    match(await work.read('guides/docs/README.md'), /^# guides\n/)

    await work.write('guides/docs/README.md', 'mine')
    const second = await work.run('init', 'guides')
    deepEqual(second, { code: 0, stdout: 'Library already initialized at: guides\n', stderr: '' })
    equal(await work.read('guides/docs/README.md'), 'mine')
  })

  test('takes the real name of the directory, whatever it is', async () => {
    await using work = await openWorkplace()
    await mkdir(work.path('a "quoted" place'))
    const { code, stderr } = await work.runIn('a "quoted" place', 'init')
    equal(code, 0)
    match(stderr, /cannot be published: only lower-case letters/)
    match(await work.read('a "quoted" place/.mdlibs.toml'), /^name = .a \\?"quoted\\?" place/m)
    const { stdout } = await work.runIn('a "quoted" place', 'list', '--json')
    equal(JSON.parse(stdout).documents[0].title, 'a "quoted" place')
  })

  test('overwrites nothing', async () => {
    await using work = await openWorkplace()
    await work.write('docs/README.md', 'mine')
    const { stdout } = await work.run('init', '--json')
    equal(await work.read('docs/README.md'), 'mine')
    deepEqual(JSON.parse(stdout).created, ['.mdlibs.toml', 'templates'])
  })

  test('says where it cannot write', async () => {
    await using work = await openWorkplace()
    await work.write('file', '')
    const { code, stderr } = await work.run('init', 'file/below')
    equal(code, 10)
    match(stderr, /^Error: .*a part of its path is a file/)
  })
})

describe('list', () => {
  test('passes over a name that is not UTF-8', async () => {
    await using work = await openWorkplace()
    await work.write('docs/good.md', '# Good\n')
    await writeFile(Buffer.from(`${work.path('docs')}/bad\xff.md`, 'latin1'), '# Bad\n')
    const { code, stdout } = await work.run('list', '--json')
    equal(code, 0)
    const { documents, skipped } = JSON.parse(stdout)
    deepEqual([documents.length, skipped.length], [1, 1])
    equal((await work.run('search', 'Good')).code, 0)
  })

  test('shows docs, templates and the root, each in order', async () => {
    await using work = await openWorkplace()
    await work.write('.mdlibs.toml', '')
    await work.write('docs/b.md', '# Second\n')
    await work.write('docs/a/deep.MARKDOWN', 'no title')
    await work.write('docs/notes.txt', '# not markdown')
    await work.write('templates/letter.md', '```\n# code\n```\n# Letter\n')
    await work.write('README.md', '---\nname: x\n---\n# Read me\n')
    await work.write('other/unseen.md', '# Unseen\n')
    const { code, stdout } = await work.runIn('docs', 'list')
    equal(code, 0)
    equal(
      stdout,
      [
        'Found 4 document(s):',
        '',
        `TYPE       ${'TITLE'.padEnd(40)} PATH`,
        '-'.repeat(70),
        `doc        ${'deep'.padEnd(40)} docs/a/deep.MARKDOWN`,
        `doc        ${'Second'.padEnd(40)} docs/b.md`,
        `template   ${'Letter'.padEnd(40)} templates/letter.md`,
        `doc        ${'Read me'.padEnd(40)} README.md`,
        '',
      ].join('\n'),
    )
    equal((await work.run('docs', 'list')).stdout, stdout)
  })

  test('keeps those whose title or path has a text, in any case', async () => {
    await using work = await openWorkplace()
    await work.write('docs/one.md', '# Größe\n')
    await work.write('docs/two.md', '# Other\n')
    const titles = async (filter: string): Promise<readonly string[]> => {
      const { stdout } = await work.run('list', '--json', '-f', filter)
      return JSON.parse(stdout).documents.map(({ title }: { title: string }) => title)
    }
    deepEqual(await titles('GRÖSSE'.replace('SS', 'ß')), ['Größe'])
    deepEqual(await titles('TWO.md'), ['Other'])
    const nothing = await work.run('list', '--filter', 'absent')
    deepEqual(nothing, { code: 0, stdout: 'No documents match filter: absent\n', stderr: '' })
  })

  test('of nothing says what to do', async () => {
    await using work = await openWorkplace()
    const { code, stdout } = await work.run('list')
    equal(code, 0)
    match(stdout, /^No markdown documents found\.\nHint: Run 'mdlibs init'/)
  })

  test('follows links within the library, and to nothing twice', async () => {
    await using work = await openWorkplace()
    await using elsewhere = await openWorkplace()
    await elsewhere.write('secret.md', '# Secret\n')
    await work.write('.mdlibs.toml', '')
    await work.write('docs/a/one.md', '# One\n')
    await work.write('parts/part.md', '# Part\n')
    await symlink('..', work.path('docs/a/loop'))
    await symlink('a', work.path('docs/again'))
    await symlink('../parts', work.path('docs/parts'))
    await symlink('a/one.md', work.path('docs/alias.md'))
    await symlink('nowhere.md', work.path('docs/broken.md'))
    await symlink(elsewhere.path('secret.md'), work.path('docs/secret.md'))
    await symlink(elsewhere.root, work.path('docs/outside'))
    const { stdout } = await work.run('list', '--json')
    const { documents, skipped } = JSON.parse(stdout)
    deepEqual(
      documents.map(({ path }: { path: string }) => path),
      ['docs/a/one.md', 'docs/alias.md', 'docs/parts/part.md'],
    )
    deepEqual(
      skipped.map(({ path }: { path: string }) => path),
      ['docs/broken.md', 'docs/outside', 'docs/secret.md'],
    )
    match((await work.run('list')).stderr, /Note: docs\/secret\.md: it leads out of the library\n/)
    equal((await work.run('list', '--quiet')).stderr, '')
  })
})

describe('search', () => {
  test('shows lines with a text, in any case', async () => {
    await using work = await openWorkplace()
    await work.write('docs/a.md', `# Guide\r\n\r\n  ${'x'.repeat(70)} Needle\r\nneedle\r\n`)
    const { code, stdout, stderr } = await work.run('search', 'NEEDLE')
    equal(code, 0)
    equal(
      stdout,
      [
        "Found 1 result(s) for 'NEEDLE':",
        '',
        '📄 Guide (docs/a.md)',
        `   Line 3: ${'x'.repeat(59)}…`,
        '   Line 4: needle',
        '',
        '',
      ].join('\n'),
    )
    equal(stderr, `Searching the documents of ${work.root}\n`)
  })

  test('looks at titles only, if that is wanted', async () => {
    await using work = await openWorkplace()
    await work.write('docs/a.md', '# Guide\n\nprogramming\n')
    match((await work.run('search', '-t', 'guide')).stdout, /📄 Guide \(docs\/a\.md\)\n\n$/)
    const nothing = await work.run('search', '--title-only', 'programming')
    deepEqual([nothing.code, nothing.stdout], [0, 'No results found for: programming\n'])
  })

  test('passes over what is not UTF-8, and says so', async () => {
    await using work = await openWorkplace()
    await work.write('docs/latin.md', Buffer.from('# Gr\xf6\xdfe\nneedle\n', 'latin1'))
    await work.write('docs/utf.md', '# Größe\nneedle\n')
    const { code, stdout, stderr } = await work.run('search', 'needle')
    equal(code, 0)
    match(stdout, /^Found 1 result/)
    match(stderr, /Note: docs\/latin\.md: not UTF-8/)
    match((await work.run('list')).stdout, /doc +latin +docs\/latin\.md/)
  })

  test('cuts a preview between characters as people count them', async () => {
    await using work = await openWorkplace()
    await work.write('docs/a.md', `${'👩‍👩‍👧‍👦'.repeat(61)} needle\n`)
    match((await work.run('search', 'needle')).stdout, /: (?:👩‍👩‍👧‍👦){59}…\n/)
  })
})

describe('update', () => {
  test('without a title says what a document is', async () => {
    await using work = await openWorkplace()
    await work.write('.mdlibs.toml', '')
    await work.write('docs/guide.md', '# Guide\n\nfour words of text\n')
    for (const name of ['guide', 'guide.md', 'docs/guide.md', 'docs/guide']) {
      const { code, stdout } = await work.run('update', name)
      equal(code, 0)
      equal(stdout, 'Document: docs/guide.md\n  Title: Guide\n  Lines: 3\n  Words: 6\n')
    }
  })

  test('looks at the root, then in docs, then in templates', async () => {
    await using work = await openWorkplace()
    await work.write('templates/x.md', '# Template\n')
    const title = async (): Promise<string> =>
      JSON.parse((await work.run('update', 'x', '--json')).stdout).title
    equal(await title(), 'Template')
    await work.write('docs/x.md', '# Doc\n')
    equal(await title(), 'Doc')
    await work.write('x.md', '# Root\n')
    equal(await title(), 'Root')
    await mkdir(work.path('x'))
    equal(await title(), 'Root', 'a directory is no document')
  })

  test('gives another title, and changes nothing else', async () => {
    await using work = await openWorkplace()
    await work.write('docs/a.md', '```\n# code\n```\r\n# Old\r\ntext')
    await chmod(work.path('docs/a.md'), 0o640)
    const { code, stdout } = await work.run('update', 'a', '-t', ' New ')
    deepEqual([code, stdout], [0, 'Updated document: docs/a.md\n  New title: New\n'])
    equal(await work.read('docs/a.md'), '```\n# code\n```\r\n# New\r\ntext')
    equal((await stat(work.path('docs/a.md'))).mode & 0o777, 0o640)
    deepEqual(await readdir(work.path('docs')), ['a.md'])
  })

  test('through a link changes what it leads to', async () => {
    await using work = await openWorkplace()
    await work.write('templates/real.md', '# Old\n')
    await mkdir(work.path('docs'))
    await symlink('../templates/real.md', work.path('docs/link.md'))
    equal((await work.run('docs', 'update', 'link', '-t', 'New')).code, 0)
    equal(await work.read('templates/real.md'), '# New\n')
    ok((await stat(work.path('docs/link.md'))).isFile())
  })

  test('refuses what is no document of the library', async () => {
    await using work = await openWorkplace()
    await work.write('outside.md', '# Outside\n')
    await work.write('library/.mdlibs.toml', '')
    await work.write('library/docs/notes.txt', '')
    await work.write('library/docs/latin.md', Buffer.from([0x23, 0x20, 0xf6]))
    await symlink('../../outside.md', work.path('library/docs/link.md'))
    const refusal = async (...args: string[]): Promise<readonly [number, string]> => {
      const { code, stdout, stderr } = await work.runIn('library', 'update', ...args)
      equal(stdout, '')
      return [code, stderr]
    }
    const absent = await refusal('absent')
    deepEqual(absent, [
      3,
      'Error: Document not found: absent. mdlibs list shows those there are.\n',
    ])
    equal((await refusal('../outside.md'))[0], 11)
    equal((await refusal('link', '-t', 'x'))[0], 11)
    equal((await refusal('notes.txt'))[0], 2)
    equal((await refusal('latin', '-t', 'x'))[0], 11)
    await work.write('library/docs/a.md', '# A\n')
    equal((await refusal('a', '-t', 'two\nlines'))[0], 2)
    equal((await refusal('a', '-t', '  '))[0], 2)
    equal(await work.read('outside.md'), '# Outside\n')
    equal(await work.read('library/docs/a.md'), '# A\n')
    const { stderr } = await work.run('update', 'absent', '--json')
    deepEqual(JSON.parse(stderr).error.code, 'mdlibs/no-such-document')
  })
})

test('mistaken arguments are told with code 2, help and version with 0', async () => {
  await using work = await openWorkplace()
  equal((await work.run('serach', 'x')).code, 2)
  equal((await work.run('update')).code, 2)
  const help = await work.run('-h')
  equal(help.code, 0)
  match(help.stdout, /^Usage: mdlibs /)
  deepEqual(await work.run('-V'), { code: 0, stdout: '0\n', stderr: '' })
})
