/** docs/use/mycdnctl.md has a row for everything there is. */
import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { download } from '#cli/mycdnctl/download'
import { cdnExitCodes } from '#cli/mycdnctl/exit-codes'
import { ls } from '#cli/mycdnctl/ls'
import { createCdnProgram } from '#cli/mycdnctl/program'
import { rm } from '#cli/mycdnctl/rm'
import { upload } from '#cli/mycdnctl/upload'
import { verify } from '#cli/mycdnctl/verify'

const page = readFileSync(new URL('../../docs/use/mycdnctl.md', import.meta.url), 'utf8')

test('every exit code has a row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  const codes = Object.values(cdnExitCodes).sort((one, other) => one - other)
  deepEqual(rows, codes)
})

test('every command and every flag is named', () => {
  const program = createCdnProgram({
    version: '0',
    commands: { upload, download, verify, ls, rm },
    run: async () => {},
    writeOut: () => {},
    writeErr: () => {},
  })
  for (const command of [program, ...program.commands]) {
    ok(command === program || page.includes(`| \`${command.name()}`), command.name())
    for (const { long } of command.options) {
      ok(long === '--version' || page.includes(long ?? ''), `${command.name()} ${long}`)
    }
  }
})
