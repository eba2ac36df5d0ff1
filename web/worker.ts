/** Where links are fetched, checked and decrypted: a thread beside the page's, so that the page stays alive meanwhile. */
import { problemOf, webFault } from '#web/faults'
import { loadKernels } from '#web/kernels'
import { describe, openManifest } from '#web/manifest'
import type { Answer, Question } from '#web/messages'
import { serveReading, tell } from '#web/reading'
import { distrustCache } from '#web/registry'

const kernels = loadKernels()
kernels.catch(() => {}) // whoever asks hears of it
if (new URL(location.href).searchParams.has('reload')) distrustCache()

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  switch (data.ask) {
    case 'describe':
      self.postMessage(await answerDescribe(data))
      break
    case 'read':
      if (data.distrustsCache) distrustCache()
      await startReading(data)
      break
  }
}

async function answerDescribe({
  id,
  place,
}: Extract<Question, { ask: 'describe' }>): Promise<Answer> {
  try {
    return { id, described: describe(await openManifest(place, await kernels)) }
  } catch (error) {
    return { id, problem: problemOf(error) }
  }
}

async function startReading({ place, port }: Extract<Question, { ask: 'read' }>): Promise<void> {
  try {
    const opened = await kernels
    const file = await openManifest(place, opened)
    if (file.kind !== 'file') throw webFault('web/not-started', { reason: 'a directory' })
    serveReading(port, { file, kernels: opened })
  } catch (error) {
    tell(port, { kind: 'problem', problem: problemOf(error) })
  }
}
