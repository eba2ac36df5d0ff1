/** What people read in docs/use/cli.md is what the program does. */
import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { cliExitCodes } from '#cli/exit-codes'
import { createProgram } from '#cli/program'

const page = readFileSync(new URL('../../docs/use/cli.md', import.meta.url), 'utf8')

test('every exit code has a row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  deepEqual(rows, Object.values(cliExitCodes))
})

test('every command and every flag is named', () => {
  const program = createProgram({ version: '0', run: async () => {} })
  for (const command of [program, ...program.commands]) {
    ok(command === program || page.includes(`| \`${command.name()}`), command.name())
    for (const { long } of command.options) {
      ok(long === '--version' || page.includes(long ?? ''), `${command.name()} ${long}`)
    }
  }
})
