/** `npm run campaign -- crash [times] [seed]`: kill -9 at every crash point so many times. Writes docs/evidence/crash.md. */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { crashPoints } from '../crash/points.ts'
import { type CrashResult, planCrashes, runCrashes } from '../crash/run-crashes.ts'

const timesDefault = 8

interface Plan {
  readonly timesEach: number
  readonly seed: string
}

/** Rejects when anything promised does not hold; the evidence is then not written. */
export async function campaign([times, seed]: readonly string[]): Promise<void> {
  const plan = {
    timesEach: Number(times ?? timesDefault),
    seed: seed ?? new Date().toISOString().slice(0, 10),
  }
  const startedAt = performance.now()
  const results: CrashResult[] = []
  const planned = planCrashes(plan.seed, plan.timesEach)
  await runCrashes(plan.seed, planned, (result) => {
    results.push(result)
    const { point, time, loss, isAtPoint } = result
    const end = isAtPoint ? 'died there' : 'not reached, killed at another moment'
    console.log(`${results.length}/${planned.length} ${point.name}:${time}, lost ${loss}: ${end}`)
  })
  const minutes = (performance.now() - startedAt) / 60_000
  const evidence = new URL('../../docs/evidence/', import.meta.url)
  await mkdir(evidence, { recursive: true })
  await writeFile(new URL('crash.md', evidence), report(results, { ...plan, minutes }))
}

function report(
  results: readonly CrashResult[],
  { timesEach, seed, minutes }: Plan & { readonly minutes: number },
): string {
  const acknowledged = results.reduce((sum, result) => sum + result.acknowledged, 0)
  const lost = (wanted: string): number => results.filter(({ loss }) => loss === wanted).length
  return `# kill -9 at every crash point

\`npm run campaign -- crash ${timesEach} ${seed}\`: ${results.length} runs of the real program in ${minutes.toFixed(0)} minutes, Node ${process.version}, ${availableParallelism()} cores.

In each run clients write (puts, overwrites, deletes, copies, uploads), or a program changes the store, until the process kills itself with SIGKILL at the point, the
nth time it passes it. Then the store is started again, and everything in it is listed, read to the last byte and compared with what the clients know: what was acknowledged
holds, what was under way happened wholly or not at all, and what was seen once stays. ${lost('database')} crashes took the metadata database with them, ${lost('database and two nodes')} the database and two of six nodes (profile 4+2):
there \`mycelium rebuild\` came first. Ten lives happen in one store, so that each life stands on what the deaths before it have left.

${acknowledged} operations were acknowledged. A single one that did not hold would have ended the campaign with an error, and this page would not be here.
What each point means: [crash-points.md](../operate/crash-points.md).

| point | while | runs | died there | lost more | found |
| --- | --- | --- | --- | --- | --- |
${crashPoints.map(({ name, scene }) => `| \`${name}\` | ${scene} | ${tally(results, name)} | as promised |`).join('\n')}

"Died there": in the other runs the point was not passed often enough: the program came to its end, or was killed after twelve seconds at whatever it was doing. "Lost more": the
database, or the database and two nodes, were deleted before the next start.
`
}

function tally(results: readonly CrashResult[], name: string): string {
  const own = results.filter(({ point }) => point.name === name)
  const died = own.filter(({ isAtPoint }) => isAtPoint).length
  const lossy = own.filter(({ loss }) => loss !== 'nothing').length
  return `${own.length} | ${died} | ${lossy}`
}
