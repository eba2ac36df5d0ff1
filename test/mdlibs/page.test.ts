/** docs/use/mdlibs.md has a row for everything there is. */
import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Command } from 'commander'
import { mdlibsExitCodes } from '#cli/mdlibs/exit-codes'
import { createMdlibsProgram } from '#cli/mdlibs/program'

const page = readFileSync(new URL('../../docs/use/mdlibs.md', import.meta.url), 'utf8')
const program = createMdlibsProgram({
  terminal: { print: () => {}, warn: () => {} },
  run: async () => {},
})

test('every exit code has a row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  const codes = Object.values(mdlibsExitCodes).sort((one, other) => one - other)
  deepEqual(rows, codes)
})

test('every command and every flag is named', () => {
  const flagsOf = (command: Command): readonly string[] =>
    command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]))
  for (const flag of flagsOf(program))
    ok(page.includes(`${flag} `) || page.includes(`${flag}\``), flag)
  for (const command of program.commands) {
    const name = command.name()
    const named = new RegExp(`\`${name}[ \`]`)
    const rows = page.split('\n').filter((line) => named.test(line.split('|')[1] ?? ''))
    ok(rows.length > 0, name)
    const row = rows.join('\n')
    const below = command.commands.flatMap((child) => [child.name(), ...flagsOf(child)])
    const isPublish = name === 'publish' // has those of pack
    const isShared = ['search', 'docs'].includes(name) // have those of find, or of others
    for (const word of [...below, ...flagsOf(command)]) {
      ok(row.includes(word) || ((isPublish || isShared) && page.includes(word)), `${name} ${word}`)
    }
  }
})
