/** A registry, as those who store and fetch links see it: manifests by their hashes. Any registry with the two routes of the first one will do. */
import { toHex } from '#bytes/text'
import { contentHashOf } from '#content/seal'
import { transferFault } from '#content/transfer-faults'
import type { FaultDetail } from '#fault/fault'
import { ask, type Question } from '#http/ask'
import type { World } from '#world/world'

export const manifestPath = '/api/v1/metadata'
/** What registries take unless they are told otherwise: of the whole request. */
export const requestBytesMax = 2 ** 21
/** The form around a manifest, and some to spare. */
const formBytesMax = 512
/** Of the sealed manifest. */
export const manifestBytesMax = requestBytesMax - formBytesMax
/** What is read of a registry's answer: some take more than usual. */
const answerBytesMax = 2 ** 26

const requestMs = 30_000
const attemptsMax = 4
/** Half to all of 300, 600, 1,200 ms. */
const firstPauseMs = 300

export interface RegistryOptions {
  /** Scheme, host and port; what else there is does not count. */
  readonly url: string
  /** For registries that ask for one. */
  readonly token: string | undefined
  readonly world: World
  readonly signal: AbortSignal
}

export class RegistryClient {
  /** Without a slash at the end. */
  readonly origin: string
  readonly #options: RegistryOptions

  constructor(options: RegistryOptions) {
    this.origin = new URL(options.url).origin
    this.#options = options
  }

  /** Where a manifest is, for programs that know no links. */
  urlOf(hash: Uint8Array): string {
    return `${this.origin}${manifestPath}/${toHex(hash)}`
  }

  /**
   * The registry has it when this resolves: it said so, and gives the same bytes back. `content/manifest-too-large`,
   * `content/registry-unreachable`, `content/registry-denied`, `content/registry-refused`, `content/registry-differs`
   */
  async put({
    blob,
    hash,
  }: {
    readonly blob: Uint8Array
    readonly hash: Uint8Array
  }): Promise<void> {
    const boundary = `mycelium-${toHex(this.#options.world.randomBytes(16))}`
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="data"\r\n\r\n`),
      blob,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ])
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
    await this.#ask(`${this.origin}${manifestPath}`, { method: 'POST', headers, body })
    const kept = await this.get(hash)
    if (Buffer.compare(kept, blob) !== 0) throw this.#fault('content/registry-differs')
  }

  /** `content/no-such-manifest`, `content/registry-differs` for bytes of another hash, and as of `put`. */
  async get(hash: Uint8Array): Promise<Uint8Array> {
    const { status, bytes } = await this.#ask(this.urlOf(hash), { method: 'GET' })
    if (status === 404) throw this.#fault('content/no-such-manifest', { hash: toHex(hash) })
    if (Buffer.compare(contentHashOf(bytes), hash) !== 0) {
      throw this.#fault('content/registry-differs', { hash: toHex(hash) })
    }
    return bytes
  }

  /** Whether it was there. `content/registry-refused` by registries that forget nothing. */
  async remove(hash: Uint8Array): Promise<boolean> {
    const { status } = await this.#ask(this.urlOf(hash), { method: 'DELETE' })
    return status !== 404
  }

  /** 2xx, or 404 where a manifest is named; what may pass is tried again. */
  async #ask(url: string, init: Pick<Question, 'method' | 'headers' | 'body'>): Promise<Answer> {
    const { world, signal } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(url, init)
      signal.throwIfAborted()
      const isAnswer = answer.status >= 200 && answer.status < 300
      if (isAnswer || (answer.status === 404 && init.method !== 'POST')) return answer
      const fault = this.#refusal(answer)
      if (fault.kind !== 'unavailable' || attempt >= attemptsMax) throw fault
      const ms = firstPauseMs * 2 ** (attempt - 1) * (0.5 + world.random() / 2)
      await world.sleep(ms, { signal })
    }
  }

  /** Status 0, and why, when there is no answer. */
  async #send(
    url: string,
    { headers, ...init }: Pick<Question, 'method' | 'headers' | 'body'>,
  ): Promise<Answer> {
    const { world, signal, token } = this.#options
    const deadline = new AbortController()
    const stop = world.timer(requestMs, () => deadline.abort())
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    try {
      const answer = await ask(url, {
        ...init,
        headers: { ...headers, ...authorization },
        bytesMax: answerBytesMax,
        signal: AbortSignal.any([signal, deadline.signal]),
      })
      return { ...answer, reason: undefined }
    } catch (error) {
      const reason = deadline.signal.aborted ? `no answer within ${requestMs} ms` : causeOf(error)
      return { status: 0, bytes: new Uint8Array(), reason }
    } finally {
      stop()
    }
  }

  #refusal({ status, reason }: Answer) {
    if (status === 0) return this.#fault('content/registry-unreachable', { reason })
    if (status === 429 || status >= 500) {
      return this.#fault('content/registry-unreachable', { reason: `it answers ${status}` })
    }
    if (status === 413) return this.#fault('content/manifest-too-large')
    const code =
      status === 401 || status === 403 ? 'content/registry-denied' : 'content/registry-refused'
    return this.#fault(code, { status })
  }

  #fault(code: Parameters<typeof transferFault>[0], detail: FaultDetail = {}) {
    return transferFault(code, { registry: this.origin, ...detail })
  }
}

interface Answer {
  readonly status: number
  readonly bytes: Uint8Array
  readonly reason: string | undefined
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it cut the connection',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'no connection',
}

function causeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (code || (error instanceof Error ? error.message : 'unknown'))
}
