import { deepEqual, equal } from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { linesOf, titleOf, withTitle } from '#cli/mdlibs/title'

describe('the title is the first heading of level one', () => {
  for (const [what, text, title] of [
    ['on top', '# One\n\n# Two\n', 'One'],
    ['further down', 'text\n\n## Sub\n# Title  \n', 'Title'],
    ['indented by up to three spaces', '   # In\n', 'In'],
    ['but not code that is indented by four', '    # code\n# Title\n', 'Title'],
    ['after a tab', '#\tTab\n', 'Tab'],
    ['without the marks that close it', '# Closed ##\n', 'Closed'],
    ['with marks that do not', '# C# and F#\n', 'C# and F#'],
    ['of Windows', 'a\r\n# Title\r\n', 'Title'],
    ['behind a byte order mark', '\u{feff}# Title\n', 'Title'],
    ['nowhere', 'text\n## Sub\n#hashtag\n# \n#', undefined],
    ['not in a fence', '```sh\n# comment\n```\n# Title\n', 'Title'],
    ['not in a fence of tildes', '~~~~\n# no\n~~~\n# no\n~~~~\n# Title\n', 'Title'],
    ['not in a fence that is never closed', '```\n# comment\n', undefined],
    ['a longer fence closes', '```\n# no\n`````\n# Title\n', 'Title'],
    ['code on one line is no fence', '```a``` b\n# Title\n', 'Title'],
    ['not in front matter', '---\n# comment: of YAML\ntitle: x\n---\n# Title\n', 'Title'],
    ['not in front matter of TOML', '+++\n# comment\n+++\n# Title\n', 'Title'],
    ['a rule that nothing closes is no front matter', '---\n# Title\n', 'Title'],
    ['empty', '', undefined],
  ] as const) {
    test(what, () => equal(titleOf(text), title))
  }
})

describe('another title', () => {
  for (const [what, text, expected] of [
    ['replaces the one there is', 'a\n# Old\nb\n', 'a\n# New\nb\n'],
    ['keeps the missing end of the last line', '# Old', '# New'],
    ['goes on top', 'text\n', '# New\n\ntext\n'],
    ['goes on top without an end of the last line', 'text', '# New\n\ntext'],
    ['makes an empty file a line', '', '# New\n'],
    ['ends lines as the others end', 'a\r\nb\r\n', '# New\r\n\r\na\r\nb\r\n'],
    ['keeps the end of its own line', 'a\n# Old\r\nb\n', 'a\n# New\r\nb\n'],
    ['stays behind a byte order mark', '\u{feff}# Old\n', '\u{feff}# New\n'],
    ['goes behind a byte order mark', '\u{feff}text\n', '\u{feff}# New\n\ntext\n'],
    ['goes below front matter', '---\na: 1\n---\ntext\n', '---\na: 1\n---\n# New\n\ntext\n'],
    ['goes below front matter alone', '---\na: 1\n---', '---\na: 1\n---\n# New\n'],
    ['leaves code alone', '```\n# no\n```\n', '# New\n\n```\n# no\n```\n'],
  ] as const) {
    test(what, () => equal(withTitle(text, 'New'), expected))
  }

  const piece = fc.constantFrom(
    '# a',
    '```',
    '~~~',
    '---',
    'text',
    '',
    ' # b',
    '\n',
    '\r\n',
    '\n\n',
  )
  test('is the title then, and every other line stays', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('')
        const changed = withTitle(text, 'Another')
        equal(titleOf(changed), 'Another')
        equal(withTitle(changed, 'Another'), changed)
        const kept = linesOf(changed).filter((line) => !line.endsWith('# Another'))
        const former = linesOf(text)
        const added = kept.length - former.length
        if (added < 0) equal(kept.length, former.length - 1)
        else
          deepEqual(
            kept.filter((line) => line !== ''),
            former.filter((line) => line !== ''),
          )
      }),
    )
  })
})
