/** The load client, seen from the benchmark: starts the process and asks one job at a time of it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer, Job, TimedJob } from './job.ts'

export interface LoadClient extends AsyncDisposable {
  /** Seconds from the first byte sent to the last received. */
  run(job: Job): Promise<number>
  /** Milliseconds of each request. */
  time(job: TimedJob): Promise<readonly number[]>
}

export function startClient(): LoadClient {
  const child = fork(new URL('./load.ts', import.meta.url))
  const died = death(child)
  died.catch(() => {}) // whoever waits for an answer hears of it
  const ask = async (job: Job | TimedJob): Promise<Answer> => {
    child.send(job)
    const [answer]: Answer[] = await Promise.race([once(child, 'message'), died])
    if (answer === undefined || answer.state === 'failed')
      throw new Error(answer?.message ?? 'no answer')
    return answer
  }
  return {
    async run(job) {
      const answer = await ask(job)
      if (answer.state !== 'done') throw new TypeError('a job that is timed as a whole')
      return answer.seconds
    },
    async time(job) {
      const answer = await ask(job)
      if (answer.state !== 'timed') throw new TypeError('a job that is timed one by one')
      return answer.ms
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
