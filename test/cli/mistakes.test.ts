/** Mistakes in arguments, as people and as programs see them. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const mistakes = {
  cyxcloud: ['download', '--frobnicate', 'there'],
  mycdnctl: ['upload', '--frobnicate', 'there'],
  mdlibs: ['install', '--frobnicate', 'there'],
}

function run(program: string, args: readonly string[]) {
  const path = new URL(`../../packaging/bin/${program}`, import.meta.url).pathname
  return spawnSync(path, args, { encoding: 'utf8' })
}

for (const [program, args] of Object.entries(mistakes)) {
  test(`${program} tells mistakes in arguments as a sentence, and with --json as JSON`, () => {
    const told = run(program, args)
    match(told.stderr, /^error: unknown option '--frobnicate'\n\(see --help\)\n$/)
    const toPrograms = run(program, [...args, '--json'])
    deepEqual(JSON.parse(toPrograms.stderr), {
      error: {
        code: 'cli/mistaken-usage',
        message: "unknown option '--frobnicate'",
        exitCode: 2,
      },
    })
    const command = run(program, ['--json', 'frobnicate'])
    match(JSON.parse(command.stderr).error.message, /unknown command 'frobnicate'/)
    const asName = run(program, [...args, '--', '--json'])
    match(asName.stderr, /^error: /)
    for (const { status, stdout } of [told, toPrograms, command, asName]) {
      equal(status, 2)
      equal(stdout, '')
    }
  })
}
