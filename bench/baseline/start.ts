/** Starts the bare server of `http.ts` in a process of its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Target } from '../client/job.ts'

export interface BareServer extends AsyncDisposable {
  readonly target: Target
}

/** `bytes`: what it answers a GET with. */
export async function startBareServer(bytes: number): Promise<BareServer> {
  const child = fork(new URL('./http.ts', import.meta.url), [String(bytes)])
  const [{ port }] = (await once(child, 'message')) as [{ port: number }] // what http.ts sends
  return {
    target: { port, bucket: 'bench' },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || !child.kill()) return
      await once(child, 'exit')
    },
  }
}
