/**
 * A registry as its clients see it: requests below `/api/v1`, tried again where that changes nothing, and answers that are checked before anybody
 * relies on them. The token goes to this registry's origin and nowhere else, wherever it may redirect to.
 */
import type { z } from 'zod'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { isLoopback } from '#cli/mdlibs/origin'
import { connectionFault, refusalOf, refusalOfBody } from '#cli/mdlibs/registry-refusals'
import type { Fault } from '#fault/fault'
import { collect } from '#stream/collect'
import type { World } from '#world/world'

const apiBase = '/api/v1'
const attemptsMax = 4
/** Half to all of 300, 600, 1,200 ms. */
const firstPauseMs = 300
/** A registry that wants us to wait longer is told of instead. */
const retryAfterMsMax = 30_000
const answerBytesMax = 2 ** 26
const redirectsMax = 5

export interface RegistryApiOptions {
  readonly origin: string
  readonly token: string | undefined
  /** Another registry, which the only token there is was made for. */
  readonly tokenIsFor?: string | undefined
  /** Without a byte in either direction. */
  readonly timeoutMs: number
  /** `Settings.insecure` */
  readonly insecure: string | undefined
  /** e.g. `mdlibs/1.0.0` */
  readonly userAgent: string
  readonly world: World
  readonly signal: AbortSignal
}

export type Query = Readonly<Record<string, string | number | undefined>>

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: object
}

export interface Upload {
  /** PUT. */
  readonly method?: 'PUT' | 'POST'
  readonly query?: Query
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
  /** From the first byte, each time it is tried. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** Hears of what was sent; begins anew with every attempt. */
  readonly onSent: (bytes: number) => void
}

interface Request {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | (() => AsyncIterable<Uint8Array>)
  /** Doing it twice does no more than doing it once, whatever the method. */
  readonly mayRepeat?: true
}

export class RegistryApi {
  readonly origin: string
  readonly #options: RegistryApiOptions

  /** `mdlibs/insecure-registry` */
  constructor(options: RegistryApiOptions) {
    this.origin = options.origin
    this.#options = options
    this.#refuseInsecure(new URL(options.origin))
  }

  get hasToken(): boolean {
    return this.#options.token !== undefined
  }

  /** What it answers, as `schema` reads it. `mdlibs/not-a-registry`, and what `registry-refusals.ts` has. */
  async json<Schema extends z.ZodType>(
    path: string,
    { schema, ...ask }: Ask & { readonly schema: Schema },
  ): Promise<z.infer<Schema>> {
    return this.#read(await this.#text(path, ask), schema)
  }

  /** The same for what is absent: `undefined`. */
  async jsonIfThere<Schema extends z.ZodType>(
    path: string,
    ask: Ask & { readonly schema: Schema },
  ): Promise<z.infer<Schema> | undefined> {
    try {
      return await this.json(path, ask)
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /** A document of another kind, as it stands. */
  async text(path: string): Promise<string> {
    return await this.#text(path, {})
  }

  /** Without a look at what it answers beside that it was done. */
  async done(path: string, ask: Ask): Promise<void> {
    await this.#text(path, ask)
  }

  /** Of a version, so the same again changes nothing. The body goes out as it is pulled. */
  async upload<Schema extends z.ZodType>(
    path: string,
    {
      schema,
      method = 'PUT',
      query,
      headers,
      bytes,
      open,
      onSent,
    }: Upload & { readonly schema: Schema },
  ): Promise<z.infer<Schema>> {
    const answer = await this.#ask({
      method,
      url: this.#url(path, query),
      headers: { ...headers, 'content-length': String(bytes) },
      mayRepeat: true, // the same bytes under the same version change nothing
      body: async function* () {
        onSent(0)
        let sent = 0
        for await (const piece of open()) {
          yield piece
          sent += piece.length
          onSent(sent)
        }
      },
    })
    return this.#read(await this.#collect(answer), schema)
  }

  /**
   * The bytes of `path`, from the first one on; when the connection breaks it is gone on with. They are what came: whether they are right is for
   * the caller to see.
   */
  async *download(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const url = this.#url(path)
    let received = 0
    for (let attempt = 1; ; attempt += 1) {
      const headers: Record<string, string> = received === 0 ? {} : { range: `bytes=${received}-` }
      const answer = await this.#ask({ method: 'GET', url, headers }, { redirects: true })
      // who sends the whole again is passed over to where we were
      let surplus = answer.status === 206 ? 0 : received
      try {
        for await (const piece of this.#pieces(answer)) {
          const fresh = piece.subarray(Math.min(surplus, piece.length))
          surplus -= piece.length - fresh.length
          received += fresh.length
          if (fresh.length > 0) yield fresh
        }
        return
      } catch (error) {
        this.#options.signal.throwIfAborted()
        const fault = connectionFault(error, this.#refusalOptions())
        if (fault.kind !== 'unavailable' || attempt >= attemptsMax) throw fault
        await this.#pause(attempt)
      }
    }
  }

  async #text(path: string, { method = 'GET', query, body }: Ask): Promise<string> {
    const answer = await this.#ask({
      method,
      url: this.#url(path, query),
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return await this.#collect(answer)
  }

  #url(path: string, query: Query = {}): URL {
    const url = new URL(`${apiBase}${path}`, this.origin)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    return url
  }

  #read<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
    const refuse = (reason: string): never => {
      throw mdlibsFault('mdlibs/not-a-registry', { registry: this.origin, reason })
    }
    let document: unknown
    try {
      document = JSON.parse(text)
    } catch {
      return refuse('it is no JSON')
    }
    const read = schema.safeParse(document)
    if (read.success) return read.data
    const [issue] = read.error.issues
    return refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }

  /** 2xx; what may pass is tried again, as long as it does nothing twice. */
  async #ask(
    request: Request,
    { redirects = false }: { readonly redirects?: boolean } = {},
  ): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(request, { redirects })
      if (outcome.kind === 'answer') return outcome.answer
      const { fault, retryAfterMs, wasSent } = outcome
      const isIdempotent = request.mayRepeat ?? ['GET', 'PUT'].includes(request.method)
      const mayRepeat = !wasSent || isIdempotent
      if (fault.kind !== 'unavailable' || !mayRepeat || attempt >= attemptsMax) throw fault
      if ((retryAfterMs ?? 0) > retryAfterMsMax) throw fault
      await this.#pause(attempt, retryAfterMs)
    }
  }

  async #attempt(request: Request, { redirects }: { redirects: boolean }): Promise<Outcome> {
    let answer: Response
    try {
      answer = await this.#follow(request, { redirects })
    } catch (error) {
      this.#options.signal.throwIfAborted()
      const fault = connectionFault(error, this.#refusalOptions())
      const wasSent = fault.detail['wasSent'] !== false
      return { kind: 'failed', fault, wasSent, retryAfterMs: undefined }
    }
    if (answer.ok) return { kind: 'answer', answer }
    const text = await this.#collect(answer).catch(() => '')
    const options = { ...this.#refusalOptions(), hasToken: this.hasToken }
    const fault = refusalOf(answer.status, refusalOfBody(text), options)
    // who is too busy has done nothing
    const wasSent = ![429, 503].includes(answer.status)
    return { kind: 'failed', fault, wasSent, retryAfterMs: retryAfterOf(answer) }
  }

  /** Archives may lie elsewhere; nothing else is asked of another place. */
  async #follow(request: Request, { redirects }: { redirects: boolean }): Promise<Response> {
    let { url } = request
    for (let hop = 0; ; hop += 1) {
      this.#refuseInsecure(url)
      const answer = await this.#send({ ...request, url })
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || location === null) return answer
      await answer.body?.cancel()
      const next = new URL(location, url)
      if (!redirects || hop >= redirectsMax) {
        throw mdlibsFault('mdlibs/redirected', { registry: this.origin, to: next.origin })
      }
      url = next
    }
  }

  async #send({ method, url, headers, body }: Request): Promise<Response> {
    const { token, userAgent, signal } = this.#options
    const isOwn = url.origin === this.origin
    const watch = this.#watch()
    try {
      const answer = await fetch(url, {
        method,
        headers: {
          accept: 'application/json, application/problem+json, */*;q=0.5',
          'user-agent': userAgent,
          ...headers,
          ...(isOwn && token !== undefined ? { authorization: `Bearer ${token}` } : {}),
        },
        ...bodyOf(body, watch.isAlive),
        redirect: 'manual',
        signal: AbortSignal.any([signal, watch.signal]),
      })
      watches.set(answer, watch)
      watch.isAlive()
      return answer
    } catch (error) {
      watch.stop()
      if (watch.signal.aborted && !signal.aborted) throw this.#silence()
      throw error
    }
  }

  async *#pieces(answer: Response): AsyncGenerator<Uint8Array, void, undefined> {
    const watch = watches.get(answer)
    try {
      for await (const piece of answer.body ?? []) {
        watch?.isAlive()
        yield piece
        watch?.isAlive() // whoever reads may take time
      }
    } catch (error) {
      if (watch?.signal.aborted === true && !this.#options.signal.aborted) throw this.#silence()
      throw error
    } finally {
      watch?.stop()
    }
  }

  async #collect(answer: Response): Promise<string> {
    const onGrowth = (bytes: number): void => {
      taken += bytes
      if (taken <= answerBytesMax) return
      const reason = 'its answer is too long'
      throw mdlibsFault('mdlibs/not-a-registry', { registry: this.origin, reason })
    }
    let taken = 0
    try {
      return new TextDecoder().decode(await collect(this.#pieces(answer), { onGrowth }))
    } catch (error) {
      this.#options.signal.throwIfAborted()
      throw connectionFault(error, this.#refusalOptions())
    }
  }

  #watch(): Watch {
    const { world, timeoutMs } = this.#options
    const silence = new AbortController()
    let cancel = world.timer(timeoutMs, () => silence.abort())
    return {
      signal: silence.signal,
      isAlive: () => {
        cancel()
        if (!silence.signal.aborted) cancel = world.timer(timeoutMs, () => silence.abort())
      },
      stop: () => cancel(),
    }
  }

  #silence(): Fault {
    const { timeoutMs } = this.#options
    const reason = `it said nothing for ${timeoutMs / 1000} s`
    return mdlibsFault('mdlibs/unreachable', { registry: this.origin, reason, wasSent: true })
  }

  async #pause(attempt: number, retryAfterMs = 0): Promise<void> {
    const { world, signal } = this.#options
    const ms = firstPauseMs * 2 ** (attempt - 1) * (0.5 + world.random() / 2)
    await world.sleep(Math.max(ms, retryAfterMs), { signal })
  }

  #refusalOptions(): { registry: string; tokenIsFor: string | undefined } {
    return { registry: this.origin, tokenIsFor: this.#options.tokenIsFor }
  }

  /** In clear text, or to somebody whose certificate was not looked at, nothing is sent that was not agreed to twice. */
  #refuseInsecure(url: URL): void {
    const { insecure } = this.#options
    if (isLoopback(url.origin)) return
    const isAllowed = url.hostname === insecure
    const isProven = url.protocol === 'https:' && insecure === undefined
    if (isProven || isAllowed) return
    const isClear = url.protocol === 'http:'
    throw mdlibsFault('mdlibs/insecure-registry', {
      registry: url.origin,
      host: url.hostname,
      isClear,
    })
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly answer: Response }
  | {
      readonly kind: 'failed'
      readonly fault: Fault
      readonly wasSent: boolean
      readonly retryAfterMs: number | undefined
    }

interface Watch {
  readonly signal: AbortSignal
  isAlive(): void
  stop(): void
}

/** Until an answer is read, somebody has to see that it goes on. */
const watches = new WeakMap<Response, Watch>()

function bodyOf(body: Request['body'], isAlive: () => void): RequestInit {
  if (body === undefined || typeof body === 'string') return body === undefined ? {} : { body }
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of body()) {
      isAlive()
      yield piece
    }
    isAlive()
  }
  return { body: ReadableStream.from(pieces()), duplex: 'half' }
}

/** Seconds; a date is not looked at. */
function retryAfterOf(answer: Response): number | undefined {
  const text = answer.headers.get('retry-after')
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'mdlibs/absent'
}
