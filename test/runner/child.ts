/** One child process with a deadline. It and whatever it started end together. */
import { spawn } from 'node:child_process'

export interface ChildEnd {
  /** Both streams as they came, the tail when there was very much. */
  readonly output: string
  /** `undefined` for a clean exit; otherwise a sentence. */
  readonly trouble: string | undefined
  readonly ms: number
}

const outputCharactersMax = 200_000
const running = new Set<number>()

export function runChild(
  command: string,
  args: readonly string[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<ChildEnd> {
  const startedAt = performance.now()
  // A group of its own, so that a test that hangs takes the servers it started with it.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const group = child.pid
  if (group !== undefined) running.add(group)
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-outputCharactersMax)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)

  return new Promise((resolve) => {
    let isLate = false
    const deadline = setTimeout(() => {
      isLate = true
      if (group !== undefined) killGroup(group)
    }, timeoutMs)
    const end = (trouble: string | undefined): void => {
      clearTimeout(deadline)
      if (group !== undefined) killGroup(group)
      resolve({ output, trouble, ms: performance.now() - startedAt })
    }
    child.on('error', ({ message }) => end(`could not start: ${message}`))
    child.on('close', (code, signal) => {
      if (isLate) return end(`did not end within ${timeoutMs / 1000} s and was killed`)
      if (signal !== null) return end(`was killed by ${signal}`)
      end(code === 0 ? undefined : `exited with code ${code}`)
    })
  })
}

/** Ends every child that is still running; for a person's Ctrl-C. */
export function killRunning(): void {
  for (const group of running) killGroup(group)
}

function killGroup(group: number): void {
  running.delete(group)
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // nobody of the group is left: what we wanted
  }
}
