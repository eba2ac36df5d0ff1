/**
 * One request to a server that whoever runs the program has named, and all of its answer. What `fetch` would do for that, it does after 120 ms of a
 * processor: it brings a parser of its own, which is compiled anew in each program that asks somebody once or twice.
 */
import { openRequest } from '#http/_open-request'
import { gatherShort } from '#stream/gather'

export interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Of the answer. */
  readonly bytesMax: number
  readonly signal: AbortSignal
}

export interface ServerAnswer {
  readonly status: number
  readonly bytes: Uint8Array
}

const redirectionsMax = 20

/**
 * Follows redirections as browsers do (https://fetch.spec.whatwg.org/#http-redirect-fetch); `authorization` goes to the first origin only. Rejects
 * with Node's error when there is no answer or not all of it, with an `Error` of few words when it is longer than `bytesMax` or leads on for ever, and
 * once the signal is aborted.
 */
export async function ask(url: string, question: Question): Promise<ServerAnswer> {
  const { bytesMax, signal } = question
  let at = url
  let { method, headers = {}, body } = question
  for (let redirections = 0; redirections <= redirectionsMax; redirections += 1) {
    const answer = await openRequest(at, {
      method,
      headers: { accept: '*/*', ...headers },
      body,
      signal,
    })
    try {
      const { statusCode: status = 0 } = answer
      const { location } = answer.headers
      if (!redirects.has(status) || location === undefined) {
        const bytes = await gatherShort(answer, bytesMax, { signal })
        if (bytes === undefined) throw new Error('the answer is too long')
        return { status, bytes }
      }
      const next = new URL(location, at)
      if (next.origin !== new URL(at).origin) headers = without(headers, 'authorization')
      if (status === 303 || (method === 'POST' && status < 303)) {
        method = 'GET'
        body = undefined
        headers = without(headers, 'content-type')
      }
      at = next.href
      answer.resume() // its connection may carry the next
    } catch (error) {
      answer.destroy()
      throw error
    }
  }
  throw new Error('it leads on for ever')
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function without(
  headers: Readonly<Record<string, string>>,
  name: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name))
}
