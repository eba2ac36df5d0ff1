/**
 * What a gateway thread has of the store: the object domain, whose work is done in the store's thread, and a way to tell what happened. Small
 * bodies are received and hashed here and travel in one message; large ones piece by piece, as the store pulls them.
 */
import { strict as assert } from 'node:assert'
import { copyInto } from '#bytes/copy'
import { freeAtOnce } from '#bytes/free'
import { type DigestAlgorithm, digestsOf } from '#crypto/digest'
import { Link } from '#gateway/_link'
import {
  type Answer,
  type BodyMessage,
  type BodyName,
  creditPieces,
  type DigestsMessage,
  type OpenedMessage,
  type PackedDeletion,
  type PlainName,
  pieceBytes,
  type Question,
  swiftBodiesMax,
  type Verdict,
  type WholeMessage,
} from '#gateway/_messages'
import { packError, unpackError } from '#gateway/error-message'
import type { GatewayPort } from '#gateway/port'
import type { AccessKey } from '#identity/access-keys'
import type { IdentitySource } from '#identity/accounts'
import {
  type Administration,
  type AdministrationCall,
  administrationCalls,
} from '#identity/administration'
import type { Principal } from '#identity/principal'
import {
  type BucketName,
  type ByteRange,
  type Deletion,
  type Digests,
  type IncomingBody,
  type ObjectInfo,
  type ObjectStore,
  type OpenedObject,
  type PartInfo,
  wholeBytesMax,
} from '#object/model'
import { flat } from '#stream/flat'
import { gather } from '#stream/gather'
import { silentTelemetry, type Telemetry } from '#telemetry/telemetry'

export interface StoreConnection {
  readonly objects: ObjectStore
  readonly identities: IdentitySource
  readonly telemetry: Telemetry
  /** How many requests are being answered here. */
  tellLoad(exchanges: number): void
  /** Resolves when all that was told before has been heard. */
  heard(): Promise<void>
}

/** The other end of `port` is served by `serveGateway`. */
export function connectToStore(port: GatewayPort): StoreConnection {
  const caller = new Caller(port)
  return {
    objects: remoteObjects(caller),
    identities: {
      findKey: (accessKeyId, token) => caller.findKey(accessKeyId, token),
      administration: remoteAdministration(caller),
      findPrincipal: (id) => caller.findPrincipal(id),
      onChange: (listener) => void caller.onIdentityChange.add(listener),
    },
    telemetry: {
      ...silentTelemetry, // the rest happens in the store's own thread
      requestEnded: ({ error, ...event }) =>
        caller.tell({
          ask: 'ended',
          event: JSON.stringify(event),
          error: error === undefined ? undefined : packError(error),
        }),
      bucketAccessed: (event) => caller.tell({ ask: 'accessed', event }),
      note: (...note) => caller.tell({ ask: 'note', note }),
    },
    tellLoad: (exchanges) => caller.tell({ ask: 'load', exchanges }),
    heard: () => caller.heard(),
  }
}

function remoteObjects(caller: Caller): ObjectStore {
  const plain =
    <Name extends PlainName>(name: Name) =>
    (...args: Parameters<ObjectStore[Name]>): ReturnType<ObjectStore[Name]> =>
      caller.plain(name, args) as ReturnType<ObjectStore[Name]> // the other side calls it by this name
  return {
    createBucket: plain('createBucket'),
    headBucket: plain('headBucket'),
    listBuckets: plain('listBuckets'),
    deleteBucket: plain('deleteBucket'),
    bucketUsage: plain('bucketUsage'),
    ownerUsage: plain('ownerUsage'),
    setOwnerQuota: plain('setOwnerQuota'),
    onBucketChange: (listener) => void caller.onBucketChange.add(listener),
    put: (bucket, key, { body, signal, ...options }) =>
      caller.store<ObjectInfo>('put', [bucket, key], { body, signal, options }),
    open: (...args) => caller.open(...args),
    head: plain('head'),
    delete: plain('delete'),
    configure: plain('configure'),
    setTraits: plain('setTraits'),
    setVersioning: plain('setVersioning'),
    listVersions: plain('listVersions'),
    deleteMany: async (...args) => {
      const outcomes = await caller.plain('deleteMany', args)
      return (outcomes as readonly PackedDeletion[]).map(unpackOutcome) // as `server.ts` packs them
    },
    copy: plain('copy'),
    list: plain('list'),
    createUpload: plain('createUpload'),
    headUpload: plain('headUpload'),
    putPart: (upload, number, { body, signal, ...options }) =>
      caller.store<PartInfo>('putPart', [upload, number], { body, signal, options }),
    copyPart: plain('copyPart'),
    listParts: plain('listParts'),
    listUploads: plain('listUploads'),
    completeUpload: plain('completeUpload'),
    abortUpload: plain('abortUpload'),
  }
}

function remoteAdministration(caller: Caller): Administration {
  const calls = administrationCalls.map((name) => [
    name,
    (...args: readonly unknown[]) => caller.administer(name, args),
  ])
  return Object.fromEntries(calls) as Administration // all of its calls, by name
}

function unpackOutcome(outcome: PackedDeletion): Deletion | Error {
  if (!('failed' in outcome)) return outcome
  const error = unpackError(outcome.failed)
  return error instanceof Error ? error : new Error(String(error))
}

/** A call that has not been answered. */
interface Call {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Of a body that is sent piece by piece. */
  readonly upload?: Upload
}

/** A read whose next pieces have been asked for. */
interface Reader {
  readonly resolve: (pieces: readonly Uint8Array[] | undefined) => void
  readonly reject: (error: unknown) => void
}

class Caller {
  readonly onBucketChange = new Set<(name: BucketName) => void>()
  readonly onIdentityChange = new Set<() => void>()
  readonly #link: Link<Question, Answer>
  readonly #calls = new Map<number, Call>()
  readonly #readers = new Map<number, Reader>()
  /** For bodies that are sent piece by piece: those that wait for the next one. */
  readonly #memories: SharedArrayBuffer[] = []
  #numbers = 0

  constructor(port: GatewayPort) {
    this.#link = new Link(port, (answer) => this.#take(answer))
  }

  tell(message: Question): void {
    this.#link.send(message)
  }

  plain(name: PlainName, args: readonly unknown[]): Promise<unknown> {
    const signalled = args.findIndex((argument) => signalOf(argument) !== undefined)
    const call = this.#number()
    this.#link.send({ ask: 'plain', call, name, args: args.map(withoutSignal), signalled })
    return this.#answer(call, { signal: signalOf(args[signalled]) })
  }

  administer(name: AdministrationCall, args: readonly unknown[]): Promise<unknown> {
    return this.#ask((call) => ({ ask: 'administration', call, name, args }))
  }

  async findKey(accessKeyId: string, token: string | undefined): Promise<AccessKey | undefined> {
    const found = await this.#ask((call) => ({ ask: 'key', call, accessKeyId, token }))
    return found as AccessKey | undefined // what `findKey` comes to
  }

  async heard(): Promise<void> {
    await this.#ask((call) => ({ ask: 'heard', call }))
  }

  async findPrincipal(id: string): Promise<Principal | undefined> {
    const found = await this.#ask((call) => ({ ask: 'principal', call, id }))
    return found as Principal | undefined // what `findPrincipal` comes to
  }

  async store<Result>(
    name: BodyName,
    args: readonly unknown[],
    {
      body,
      signal,
      options,
    }: {
      readonly body: IncomingBody
      readonly signal: AbortSignal
      readonly options: object
    },
  ): Promise<Result> {
    const { bytes, digests, isComing = false } = body
    const whole =
      isComing && bytes !== undefined && bytes <= wholeBytesMax
        ? await receive(body, bytes)
        : undefined
    const call = this.#number()
    const memory = whole === undefined ? this.#memoryForBody() : undefined
    const message: BodyMessage = { bytes, digests, whole, memory }
    this.#link.send(
      { ask: 'body', call, name, args, options, body: message },
      ...(whole === undefined ? [] : [whole.bytes]),
    )
    if (memory === undefined) return (await this.#answer(call, {})) as Result // of the call of this name
    const upload = new Upload(this.#link, { call, body, memory })
    try {
      return (await this.#answer(call, { signal, upload })) as Result // likewise
    } finally {
      void upload.ended.then(() => this.#keep(memory)) // a client may dawdle longer than the store has any use for it
    }
  }

  async open(...args: Parameters<ObjectStore['open']>): Promise<OpenedObject> {
    const found = (await this.#ask((call) => ({ ask: 'open', call, args }))) as OpenedMessage // what `open` comes to
    const { info, opened, whole, broken } = found
    if (opened === undefined) {
      const readWhole = async (): Promise<Uint8Array> => {
        if (broken !== undefined) throw unpackError(broken)
        assert(whole !== undefined)
        return whole
      }
      const readGroups = async function* (range: ByteRange | undefined) {
        const all = await readWhole()
        yield [range === undefined ? all : all.subarray(range.first, range.last + 1)]
      }
      const read: OpenedObject['read'] = (range) => flat(readGroups(range))
      return { info, read, readGroups, readWhole, release() {} }
    }
    let isReleased = false
    const readGroups: OpenedObject['readGroups'] = (range, { signal }) =>
      this.#read(opened, range, signal)
    return {
      info,
      read: (...args) => flat(readGroups(...args)),
      readGroups,
      readWhole: (options) => gather(flat(readGroups(undefined, options)), info.bytes),
      release: () => {
        if (!isReleased) this.#link.send({ ask: 'release', opened })
        isReleased = true
      },
    }
  }

  async *#read(
    opened: number,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Uint8Array[]> {
    const stream = this.#number()
    this.#link.send({ ask: 'read', stream, opened, range })
    let isOver = false
    try {
      for (;;) {
        signal.throwIfAborted()
        const pieces = await this.#next(stream)
        isOver = pieces === undefined
        if (pieces === undefined) return
        try {
          yield pieces
        } finally {
          for (const piece of pieces) freeAtOnce(piece)
        }
      }
    } finally {
      if (!isOver) this.#link.send({ ask: 'stop', stream })
    }
  }

  #next(stream: number): Promise<readonly Uint8Array[] | undefined> {
    this.#link.send({ ask: 'next', stream })
    return new Promise((resolve, reject) => this.#readers.set(stream, { resolve, reject }))
  }

  /** One question, one answer: nothing else goes with it. */
  #ask(question: (call: number) => Question): Promise<unknown> {
    const call = this.#number()
    this.#link.send(question(call))
    return this.#answer(call, {})
  }

  /** The other side lets go of a call that is aborted, and says so by its answer. */
  #answer(
    call: number,
    { signal, upload }: { readonly signal?: AbortSignal | undefined; readonly upload?: Upload },
  ): Promise<unknown> {
    const abort = (): void =>
      this.#link.send({ ask: 'abort', call, reason: packError(signal?.reason) })
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort, { once: true })
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#calls.set(call, { resolve, reject, ...(upload === undefined ? {} : { upload }) })
    return signal === undefined
      ? promise
      : promise.finally(() => signal.removeEventListener('abort', abort))
  }

  #memoryForBody(): SharedArrayBuffer {
    return this.#memories.pop() ?? new SharedArrayBuffer(creditPieces * pieceBytes)
  }

  #keep(memory: SharedArrayBuffer): void {
    if (this.#memories.length < swiftBodiesMax) this.#memories.push(memory)
  }

  #take(answer: Answer): void {
    switch (answer.tell) {
      case 'result':
        this.#end(answer.call)?.resolve(answer.result)
        break
      case 'error':
        this.#end(answer.call)?.reject(unpackError(answer.error))
        break
      case 'credit':
        this.#calls.get(answer.call)?.upload?.credit(answer.pieces)
        break
      case 'verify':
        void this.#calls.get(answer.call)?.upload?.verify(answer.digests)
        break
      case 'pieces':
        this.#takePieces(answer.stream, answer.pieces)
        break
      case 'end':
        this.#endRead(answer.stream)?.resolve(undefined)
        break
      case 'broken':
        this.#endRead(answer.stream)?.reject(unpackError(answer.error))
        break
      case 'bucket-changed':
        for (const listener of this.onBucketChange) listener(answer.name)
        break
      case 'identities-changed':
        for (const listener of this.onIdentityChange) listener()
        break
    }
  }

  #end(call: number): Call | undefined {
    const found = this.#calls.get(call)
    this.#calls.delete(call)
    found?.upload?.stop()
    return found
  }

  #takePieces(stream: number, pieces: readonly Uint8Array[]): void {
    const reader = this.#endRead(stream)
    if (reader !== undefined) reader.resolve(pieces)
    else for (const piece of pieces) freeAtOnce(piece) // nobody waits for them any more
  }

  #endRead(stream: number): Reader | undefined {
    const found = this.#readers.get(stream)
    this.#readers.delete(stream)
    return found
  }

  #number(): number {
    this.#numbers += 1
    return this.#numbers
  }
}

/** Sends a body as the store asks for it: through memory that both have. */
class Upload {
  readonly #link: Link<Question, Answer>
  readonly #call: number
  readonly #body: IncomingBody
  readonly #memory: Uint8Array
  #credit = 0
  /** What the first credit was: when there is as much again, nothing is under way. */
  #granted: number | undefined
  #wake: (() => void) | undefined
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(
    link: Link<Question, Answer>,
    {
      call,
      body,
      memory,
    }: {
      readonly call: number
      readonly body: IncomingBody
      readonly memory: SharedArrayBuffer
    },
  ) {
    this.#link = link
    this.#call = call
    this.#body = body
    this.#memory = new Uint8Array(memory)
  }

  /** The first one is the consent to receive. */
  credit(pieces: number): void {
    this.#granted ??= pieces
    this.#credit += pieces
    this.#wake?.()
    this.#running ??= this.#run()
  }

  async verify(digests: Digests): Promise<void> {
    const verdict = await verdictOn(this.#body, digests)
    this.#link.send({ ask: 'verdict', call: this.#call, verdict })
  }

  stop(): void {
    this.#isStopped = true
    this.#wake?.()
  }

  /** When nothing is written to the memory any more. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  async #run(): Promise<void> {
    const call = this.#call
    try {
      for await (const piece of this.#placed()) this.#link.send({ ask: 'piece', call, ...piece })
      if (!this.#isStopped) this.#link.send({ ask: 'end', call })
    } catch (error) {
      this.#link.send({ ask: 'broken', call, error: packError(error) })
    }
  }

  /** Copies the body into the memory, and yields where each piece lies: at its beginning while the store keeps up, so that less of it is touched. */
  async *#placed(): AsyncGenerator<{ readonly start: number; readonly bytes: number }> {
    let start = 0
    let filled = 0
    for await (const piece of this.#body.stream) {
      for (let from = 0; from < piece.length; ) {
        if (filled === 0 && (await this.#untilCredit())) start = 0
        if (this.#isStopped) return
        const taken = Math.min(pieceBytes - filled, piece.length - from)
        copyInto(this.#memory, piece.subarray(from, from + taken), start + filled)
        filled += taken
        from += taken
        if (filled < pieceBytes) continue
        yield { start, bytes: filled }
        start = (start + pieceBytes) % this.#memory.length
        filled = 0
      }
    }
    if (filled > 0) yield { start, bytes: filled }
  }

  /** Waits for leave to fill the next piece; then, whether no other is under way. */
  async #untilCredit(): Promise<boolean> {
    while (this.#credit === 0 && !this.#isStopped)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    this.#credit -= 1
    return this.#credit + 1 === this.#granted
  }
}

/** All of it, in memory of its own; a byte more than was said is enough to see that it is longer. */
async function receive(body: IncomingBody, bytes: number): Promise<WholeMessage> {
  const received = await gather(body.stream, bytes + 1)
  const algorithms: readonly DigestAlgorithm[] = [
    ...new Set<DigestAlgorithm>(['md5', ...body.digests]),
  ]
  const digests = digestsOf(received, algorithms)
  // What is shorter or longer than was said is refused for that, there.
  const verdict =
    received.length === bytes ? await verdictOn(body, digests) : { checksum: undefined }
  return { bytes: received, digests: packDigests(digests), verdict }
}

function packDigests(digests: Digests): DigestsMessage {
  const message: Partial<Record<DigestAlgorithm, string>> = {}
  for (const [algorithm, digest] of Object.entries(digests))
    message[algorithm as DigestAlgorithm] = Buffer.from(digest).toString('latin1')
  return message
}

async function verdictOn(body: IncomingBody, digests: Digests): Promise<Verdict> {
  try {
    return { checksum: await body.verify(digests) }
  } catch (error) {
    return { refusal: packError(error) }
  }
}

function signalOf(argument: unknown): AbortSignal | undefined {
  return isObject(argument) && argument['signal'] instanceof AbortSignal
    ? argument['signal']
    : undefined
}

function withoutSignal(argument: unknown): unknown {
  if (!isObject(argument) || signalOf(argument) === undefined) return argument
  const { signal, ...rest } = argument
  return rest
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
