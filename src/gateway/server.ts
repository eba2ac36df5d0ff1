/** The thread of the store: does what a gateway asks for. */
import { strict as assert } from 'node:assert'
import { copyOf } from '#bytes/copy'
import { Link } from '#gateway/_link'
import {
  type Answer,
  type BodyMessage,
  creditPieces,
  type DigestsMessage,
  type OpenedMessage,
  type PackedDeletion,
  type Question,
  swiftBodiesMax,
  type Verdict,
} from '#gateway/_messages'
import { packError, unpackError } from '#gateway/error-message'
import type { GatewayPort } from '#gateway/port'
import type { IdentitySource } from '#identity/accounts'
import {
  type ByteRange,
  type Checksum,
  type DigestAlgorithm,
  type Digests,
  type IncomingBody,
  type ObjectStore,
  type OpenedObject,
  wholeBytesMax,
} from '#object/model'
import type { RequestEnded, Telemetry } from '#telemetry/telemetry'

/** A gateway as the store's thread sees it. */
export interface ServedGateway {
  /** Requests it is answering, as it last said. */
  readonly exchanges: number
}

/** Answers until the port is closed. */
export function serveGateway(port: GatewayPort, parts: ServedParts): ServedGateway {
  return new Server(port, parts)
}

export interface ServedParts {
  readonly objects: ObjectStore
  readonly identities: IdentitySource
  readonly telemetry: Telemetry
}

/** Those that are answered once. */
type CallQuestion = Extract<
  Question,
  { ask: 'plain' | 'body' | 'open' | 'key' | 'principal' | 'administration' | 'heard' }
>

/** A call that has not been answered. */
interface Call {
  readonly abort: AbortController
  /** Of a body that comes piece by piece. */
  download: Download | undefined
}

class Server implements ServedGateway {
  exchanges = 0
  readonly #objects: ObjectStore
  readonly #identities: IdentitySource
  readonly #telemetry: Telemetry
  readonly #link: Link<Answer, Question>
  readonly #calls = new Map<number, Call>()
  readonly #opened = new Map<number, OpenedObject>()
  readonly #streams = new Map<number, Reading>()
  #downloads = 0

  constructor(port: GatewayPort, { objects, identities, telemetry }: ServedParts) {
    this.#objects = objects
    this.#identities = identities
    this.#telemetry = telemetry
    this.#link = new Link(port, (question) => this.#take(question))
    objects.onBucketChange((name) => this.#link.send({ tell: 'bucket-changed', name }))
    identities.onChange(() => this.#link.send({ tell: 'identities-changed' }))
  }

  #take(question: Question): void {
    switch (question.ask) {
      case 'plain':
      case 'body':
      case 'open':
      case 'key':
      case 'principal':
      case 'heard':
      case 'administration':
        void this.#answer(question)
        break
      case 'abort':
        this.#calls.get(question.call)?.abort.abort(unpackError(question.reason))
        break
      case 'piece':
        this.#calls.get(question.call)?.download?.push(question)
        break
      case 'end':
        this.#calls.get(question.call)?.download?.end()
        break
      case 'broken':
        this.#calls.get(question.call)?.download?.fail(unpackError(question.error))
        break
      case 'verdict':
        this.#calls.get(question.call)?.download?.judge(question.verdict)
        break
      case 'read':
        this.#read(question)
        break
      case 'next':
        void this.#next(question.stream)
        break
      case 'stop':
        this.#stop(question.stream)
        break
      case 'release':
        this.#opened.get(question.opened)?.release()
        this.#opened.delete(question.opened)
        break
      case 'ended':
        this.#telemetry.requestEnded(unpackEnded(question))
        break
      case 'accessed':
        this.#telemetry.bucketAccessed(question.event)
        break
      case 'note':
        this.#telemetry.note(...question.note)
        break
      case 'load':
        this.exchanges = question.exchanges
        break
    }
  }

  async #answer(question: CallQuestion): Promise<void> {
    const { call } = question
    const entry: Call = { abort: new AbortController(), download: undefined }
    this.#calls.set(call, entry)
    try {
      this.#link.send({ tell: 'result', call, result: await this.#perform(question, entry) })
    } catch (error) {
      this.#link.send({ tell: 'error', call, error: packError(error) })
    } finally {
      this.#calls.delete(call)
      if (entry.download !== undefined) this.#downloads -= 1
    }
  }

  async #perform(question: CallQuestion, entry: Call): Promise<unknown> {
    const { signal } = entry.abort
    if (question.ask === 'open') return await this.#open(question, signal)
    if (question.ask === 'key') {
      return await this.#identities.findKey(question.accessKeyId, question.token)
    }
    if (question.ask === 'administration') {
      const { administration } = this.#identities
      const method = administration[question.name] as (...args: readonly unknown[]) => unknown // typed at the other end
      return await method.apply(administration, [...question.args])
    }
    if (question.ask === 'heard') return undefined
    if (question.ask === 'principal') return await this.#identities.findPrincipal(question.id)
    if (question.ask === 'plain') {
      const { signalled } = question
      const args = question.args.map((argument, index) =>
        index === signalled ? Object.assign({ signal }, argument) : argument,
      )
      const method = this.#objects[question.name] as (...args: readonly unknown[]) => unknown // typed at the other end
      const result = await method(...args)
      return question.name === 'deleteMany' ? (result as Outcomes).map(packOutcome) : result
    }
    const { name, args, options, call } = question
    const body = this.#bodyOf(question.body, { call, entry })
    const method = this.#objects[name] as (...args: readonly unknown[]) => Promise<unknown> // likewise
    return await method(...args, { ...options, body, signal })
  }

  #bodyOf(
    { bytes, digests, whole, memory }: BodyMessage,
    { call, entry }: { readonly call: number; readonly entry: Call },
  ): IncomingBody {
    const length = bytes === undefined ? {} : { bytes }
    if (whole !== undefined) {
      async function* stream(): AsyncGenerator<Uint8Array> {
        if (whole !== undefined) yield whole.bytes
      }
      const verify = (): Checksum | undefined => checksumOf(whole.verdict)
      const { bytes } = whole
      const received = { bytes, digests: unpackDigests(whole.digests) }
      return { ...length, stream: stream(), digests, whole: received, verify }
    }
    assert(memory !== undefined)
    const download = new Download(this.#link, call, {
      memory,
      credit: this.#downloads < swiftBodiesMax ? creditPieces : 1,
    })
    entry.download = download
    this.#downloads += 1
    return {
      ...length,
      stream: download.pieces(),
      digests,
      verify: (found) => download.verify(found),
    }
  }

  async #open(
    { call, args }: Extract<Question, { ask: 'open' }>,
    signal: AbortSignal,
  ): Promise<OpenedMessage> {
    const opened = await this.#objects.open(...args)
    const { info } = opened
    if (info.bytes > wholeBytesMax) {
      this.#opened.set(call, opened)
      return { info, opened: call, whole: undefined, broken: undefined }
    }
    try {
      const whole = await opened.readWhole({ signal })
      return { info, opened: undefined, whole, broken: undefined }
    } catch (error) {
      return { info, opened: undefined, whole: undefined, broken: packError(error) }
    } finally {
      opened.release()
    }
  }

  #read({ stream, opened, range }: Extract<Question, { ask: 'read' }>): void {
    const found = this.#opened.get(opened)
    if (found !== undefined) this.#streams.set(stream, new Reading(found, range))
  }

  async #next(stream: number): Promise<void> {
    const reading = this.#streams.get(stream)
    try {
      if (reading === undefined) throw new Error(`there is no stream ${stream}`)
      const pieces = await reading.next()
      if (pieces !== undefined) {
        const moved = pieces.map(movable)
        return this.#link.send({ tell: 'pieces', stream, pieces: moved }, ...moved)
      }
      this.#streams.delete(stream)
      this.#link.send({ tell: 'end', stream })
    } catch (error) {
      this.#streams.delete(stream)
      this.#link.send({ tell: 'broken', stream, error: packError(error) })
    }
  }

  #stop(stream: number): void {
    this.#streams.get(stream)?.stop()
    this.#streams.delete(stream)
  }
}

/** Where a piece lies in the memory of its body. */
type PlacedPiece = Pick<Extract<Question, { ask: 'piece' }>, 'start' | 'bytes'>

/** A body that comes piece by piece. The gateway sends as many as it has been told to. */
class Download {
  readonly #link: Link<Answer, Question>
  readonly #call: number
  readonly #memory: SharedArrayBuffer
  /** Pieces it may have under way. */
  readonly #credit: number
  readonly #arrived: PlacedPiece[] = []
  #isEnded = false
  #error: unknown
  #wake: (() => void) | undefined
  #judge: ((verdict: Verdict) => void) | undefined

  constructor(
    link: Link<Answer, Question>,
    call: number,
    { memory, credit }: { readonly memory: SharedArrayBuffer; readonly credit: number },
  ) {
    this.#link = link
    this.#call = call
    this.#memory = memory
    this.#credit = credit
  }

  push(piece: PlacedPiece): void {
    this.#arrived.push(piece)
    this.#wake?.()
  }

  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#error = error
    this.end()
  }

  judge(verdict: Verdict): void {
    this.#judge?.(verdict)
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    this.#link.send({ tell: 'credit', call: this.#call, pieces: this.#credit })
    for (;;) {
      const piece = this.#arrived.shift()
      if (piece !== undefined) {
        yield new Uint8Array(this.#memory, piece.start, piece.bytes)
        this.#link.send({ tell: 'credit', call: this.#call, pieces: 1 })
      } else if (!this.#isEnded) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      } else if (this.#error !== undefined) throw this.#error
      else return
    }
  }

  async verify(digests: Parameters<IncomingBody['verify']>[0]): Promise<Checksum | undefined> {
    this.#link.send({ tell: 'verify', call: this.#call, digests })
    return checksumOf(
      await new Promise<Verdict>((resolve) => {
        this.#judge = resolve
      }),
    )
  }
}

/** One read of an object, group by group. */
class Reading {
  readonly #groups: AsyncIterator<readonly Uint8Array[]>
  readonly #abort = new AbortController()

  constructor(opened: OpenedObject, range: ByteRange | undefined) {
    const { signal } = this.#abort
    this.#groups = opened.readGroups(range, { signal })[Symbol.asyncIterator]()
  }

  async next(): Promise<readonly Uint8Array[] | undefined> {
    const { done, value } = await this.#groups.next()
    return done === true ? undefined : value
  }

  stop(): void {
    this.#abort.abort()
    this.#groups.return?.().catch(() => {}) // stopped: whatever it says, nobody asks
  }
}

type Outcomes = Awaited<ReturnType<ObjectStore['deleteMany']>>

function packOutcome(outcome: Outcomes[number]): PackedDeletion {
  return outcome instanceof Error ? { failed: packError(outcome) } : outcome
}

function unpackEnded({ event, error }: Extract<Question, { ask: 'ended' }>): RequestEnded {
  const ended = JSON.parse(event) as RequestEnded // as `client.ts` packed it
  return error === undefined ? ended : { ...ended, error: unpackError(error) }
}

function unpackDigests(message: DigestsMessage): Digests {
  const digests: Partial<Record<DigestAlgorithm, Uint8Array>> = {}
  for (const [algorithm, digest] of Object.entries(message))
    digests[algorithm as DigestAlgorithm] = Buffer.from(digest, 'latin1')
  return digests
}

/** Memory that both threads see stays where it is, and what is alone in its memory moves; of anything else a copy. */
function movable(piece: Uint8Array): Uint8Array {
  const { buffer } = piece
  const isAlone = piece.length === buffer.byteLength
  return isAlone || buffer instanceof SharedArrayBuffer ? piece : copyOf(piece)
}

function checksumOf(verdict: Verdict): Checksum | undefined {
  if ('refusal' in verdict) throw unpackError(verdict.refusal)
  return verdict.checksum
}
