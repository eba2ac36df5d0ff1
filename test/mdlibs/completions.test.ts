import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { openWorkplace } from './workplace.ts'

const hasBash = spawnSync('bash', ['--version']).status === 0

test('bash completes commands, commands of commands, and flags', { skip: !hasBash }, async () => {
  await using work = await openWorkplace()
  const { stdout: script } = await work.run('completions', 'bash')
  const complete = (...typed: string[]): readonly string[] => {
    const words = ['mdlibs', ...typed].map((word) => `'${word}'`).join(' ')
    const shown = `printf "%s\\n" "\${COMPREPLY[@]}"`
    const code = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _mdlibs; ${shown}`
    const out = execFileSync('bash', ['-c', code], { encoding: 'utf8' })
    return out.split('\n').filter((line) => line !== '')
  }
  deepEqual(complete('pu'), ['publish'])
  deepEqual(complete('team', 'inv'), ['invite', 'invitations'])
  deepEqual(complete('team', 'invite', 'acme', '--ro'), ['--role'])
  deepEqual(complete('--json', 'registry', 'set'), ['set-default'])
  deepEqual(complete('publish', '--dr'), ['--dry-run'])
  deepEqual(complete('search', 'team', '--title'), ['--title-only'], 'an argument is no command')
})

test('other shells have theirs, and there are no others', async () => {
  await using work = await openWorkplace()
  equal((await work.run('completions', 'zsh')).code, 0)
  equal((await work.run('completions', 'fish')).stdout.includes("-a publish -d '"), true)
  equal((await work.run('completions', 'csh')).code, 2)
})
