/** The load client, seen from the benchmark: starts the process and asks one job at a time of it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer, Job } from './job.ts'

export interface LoadClient extends AsyncDisposable {
  /** Seconds from the first byte sent to the last received. */
  run(job: Job): Promise<number>
}

export function startClient(): LoadClient {
  const child = fork(new URL('./load.ts', import.meta.url))
  const died = death(child)
  died.catch(() => {}) // whoever waits for an answer hears of it
  return {
    async run(job) {
      child.send(job)
      const [answer]: Answer[] = await Promise.race([once(child, 'message'), died])
      if (answer?.state !== 'done') throw new Error(answer?.message ?? 'no answer')
      return answer.seconds
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || !child.kill()) return
      await once(child, 'exit')
    },
  }
}

async function death(child: ReturnType<typeof fork>): Promise<never> {
  const [code, signal] = await once(child, 'exit')
  throw new Error(`the load client ended: ${code ?? signal}`)
}
