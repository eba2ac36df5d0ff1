/**
 * Comes before a test file. To know which test an error belongs to that nobody caught, node:test follows each promise from its making to its end:
 * a third of the processor time of whatever awaits much, the simulation above all. Here such an error belongs to its file: it is printed, and the
 * file has failed. Which suite a test is in it still knows, since a suite's body runs at once, which the floor plan sees to.
 */
import '../../src/main/own-modules.ts'
import type * as AsyncHooks from 'node:async_hooks'
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { isMainThread } from 'node:worker_threads'

const hooks = createRequire(import.meta.url)('node:async_hooks') as typeof AsyncHooks // not what `import` makes of it: that cannot be changed
const { createHook } = hooks
const asker = 'node:internal/test_runner/'

if (isMainThread) {
  Object.assign(hooks, {
    createHook: (callbacks: AsyncHooks.HookCallbacks): AsyncHooks.AsyncHook =>
      createHook(
        new Error().stack?.includes(asker) === true
          ? { ...callbacks, trackPromises: false }
          : callbacks,
      ),
  })
  const print = (error: unknown) => process.stderr.write(`${inspect(error)}\n`)
  process.on('uncaughtExceptionMonitor', print)
  process.on('unhandledRejection', (reason) => {
    print(reason)
    process.exitCode = 1
  })
}
