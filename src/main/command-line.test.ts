import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine } from '#main/command-line'

test('who came through npm is told to go on through npm', () => {
  const args = ['rebuild', '--data', '/srv/data']
  equal(commandLine(args, {}), 'mycelium rebuild --data /srv/data')
  equal(commandLine(args, { npm_lifecycle_event: 'test' }), 'mycelium rebuild --data /srv/data')
  for (const script of ['start', 'mycelium']) {
    const env = { npm_lifecycle_event: script }
    equal(commandLine(args, env), 'npm run mycelium -- rebuild --data /srv/data')
  }
})

test('what a shell would take apart stays one word', () => {
  equal(commandLine(['up', '--data', "/ann's disk"], {}), `mycelium up --data '/ann'\\''s disk'`)
})
