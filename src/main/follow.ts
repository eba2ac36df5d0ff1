/** Files that somebody else renews are looked at again and again: what they hold is in force soon after, without a restart. */
import { reasonOf } from '#main/data-directory'
import type { World } from '#world/world'

/** How often they are read again. */
const lookMs = 5_000

export interface Following<Content> {
  /** Throws for what cannot be used, as in the middle of a renewal: what was in force before stays. */
  readonly read: () => Promise<Content>
  /** What is in force at first. */
  readonly shown: Content
  readonly isSame: (one: Content, other: Content) => boolean
  readonly take: (content: Content) => void
  /** Once for each reason. */
  readonly onTrouble: (reason: string) => void
  readonly world: World
  readonly signal: AbortSignal
}

/** Until the signal. Never rejects. */
export async function follow<Content>({
  read,
  shown,
  isSame,
  take,
  onTrouble,
  world,
  signal,
}: Following<Content>): Promise<void> {
  let last = shown
  let trouble = ''
  while (!signal.aborted) {
    await world.sleep(lookMs, { signal }).catch(() => {}) // aborted: the loop's condition sees it
    if (signal.aborted) return
    try {
      const next = await read()
      trouble = ''
      if (isSame(next, last)) continue
      take(next)
      last = next
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== trouble) onTrouble(reason)
      trouble = reason
    }
  }
}
