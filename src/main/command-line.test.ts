import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine, toolLine } from '#main/command-line'

const args = ['rebuild', '--data', '/srv/data']

test('who came through npm is told to go on through npm', () => {
  for (const script of ['start', 'mycelium']) {
    const env = { npm_lifecycle_event: script, MYCELIUM_INVOKED_AS: '/srv/x/mycelium' }
    equal(commandLine(args, env), 'npm run mycelium -- rebuild --data /srv/data')
  }
  for (const script of ['npx', 'serve']) {
    const env = { npm_lifecycle_event: script }
    equal(commandLine(args, env), 'npx mycelium rebuild --data /srv/data')
  }
})

test('who did not is told what was typed', () => {
  equal(commandLine(args, {}), 'mycelium rebuild --data /srv/data')
  const env = { MYCELIUM_INVOKED_AS: "/ann's disk/bin/mycelium" }
  equal(commandLine(args, env), `'/ann'\\''s disk/bin/mycelium' rebuild --data /srv/data`)
})

test('what a shell would take apart stays one word', () => {
  equal(commandLine(['up', '--data', "/ann's disk"], {}), `mycelium up --data '/ann'\\''s disk'`)
})

test('the tool is called as the program was', () => {
  const list = ['list', 'photos']
  equal(toolLine(list, { npm_lifecycle_event: 'start' }), 'npx cyxcloud list photos')
  equal(toolLine(list, {}), 'cyxcloud list photos')
  const env = { MYCELIUM_INVOKED_AS: '/srv/mycelium/bin/mycelium' }
  equal(toolLine(list, env), '/srv/mycelium/bin/cyxcloud list photos')
})
