/** The audit log for whoever collects lines: the same as in files, chained from the start of the program. Nothing is kept. */
import { hashOf, noHash, printLine } from '#audit/entry'
import type { RequestEnded } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** `print` gets each line with its end. */
export function auditStream(
  print: (text: string) => void,
  world: Pick<World, 'now'>,
): { take(ended: RequestEnded): void } {
  let sequence = 0
  let previous = noHash
  return {
    take(ended) {
      sequence += 1
      const line = printLine({ ended, at: world.now() }, { sequence, previous, lost: 0 })
      previous = hashOf(line)
      print(`${line}\n`)
    },
  }
}
