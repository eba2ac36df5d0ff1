/**
 * Records of JSON: what the path of FROM leads to in each of the values that stand one after another in an object, on lines or not. Only a record is held,
 * never a document: what the path passes is walked through, what it leaves aside is skipped. Bytes become text with one character per byte.
 */
import { isSame } from '#select/_resolve'
import { type Span, wholeSpan } from '#select/csv-records'
import { selectFault } from '#select/faults'
import { batchBytesMax, batchRecordsMax, jsonDepthMax, recordBytesMax } from '#select/limits'
import type { Row } from '#select/record'
import type { SourceStep } from '#select/syntax'
import type { Json } from '#select/value'

/**
 * Batches of records. Where the path leads to nothing, there is a record of nothing (MISSING). Pulls only when pulled; holds a piece and a record.
 * `select/json-malformed`, `select/record-too-large`, `select/invalid-encoding`, `select/truncated-input`
 */
export async function* jsonRecords(
  source: AsyncIterable<Uint8Array>,
  { path, span = wholeSpan }: { readonly path: readonly SourceStep[]; readonly span?: Span },
): AsyncGenerator<readonly Row[], void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    const scanner = new JsonScanner(iterator, span)
    let batch: Row[] = []
    let begin = scanner.place
    for await (const json of records(scanner, { path, span })) {
      batch.push({ kind: 'json', json })
      if (batch.length < batchRecordsMax && scanner.place - begin < batchBytesMax) continue
      yield batch
      batch = []
      begin = scanner.place
    }
    if (batch.length > 0) yield batch
  } finally {
    await iterator.return?.()
  }
}

async function* records(
  scanner: JsonScanner,
  { path, span }: { readonly path: readonly SourceStep[]; readonly span: Span },
): AsyncGenerator<Json | undefined, void, undefined> {
  if (span.skipsFirst) await scanner.skipLine()
  while ((await scanner.peek()) !== '' && scanner.place <= span.last) yield* descend(scanner, path)
}

/** Behind the value when it ends. */
async function* descend(
  scanner: JsonScanner,
  [step, ...rest]: readonly SourceStep[],
): AsyncGenerator<Json | undefined, void, undefined> {
  if (step === undefined) {
    yield await scanner.value()
    return
  }
  const isOfMembers = step.kind === 'name' || step.kind === 'members'
  const isEvery = step.kind === 'elements' || step.kind === 'members'
  let isFound = false
  if (await scanner.enter(isOfMembers ? '{' : '[')) {
    for (let index = 0; await scanner.hasMore(isOfMembers ? '}' : ']', index); index += 1) {
      const key = isOfMembers ? await scanner.key() : ''
      const isMeant =
        isEvery ||
        (!isFound &&
          (step.kind === 'name'
            ? isSame(step, key)
            : step.kind === 'index' && step.index === index))
      if (isMeant) {
        isFound = true
        yield* descend(scanner, rest)
      } else await scanner.skip()
    }
    if (isFound || isEvery) return
  } else await scanner.skip()
  yield undefined
}

class JsonScanner {
  readonly #source: AsyncIterator<Uint8Array>
  #text = ''
  #at = 0
  /** The place of the text's first byte in the object. */
  #base: number

  constructor(source: AsyncIterator<Uint8Array>, { offset }: Span) {
    this.#source = source
    this.#base = offset
  }

  /** Of the next character, in bytes. */
  get place(): number {
    return this.#base + this.#at
  }

  /** The next character that is no blank; empty at the end. */
  async peek(): Promise<string> {
    for (;;) {
      blanks.lastIndex = this.#at
      this.#at += blanks.exec(this.#text)?.[0].length ?? 0
      if (this.#at < this.#text.length) return this.#text.charAt(this.#at)
      if (!(await this.#fill(this.#at))) return ''
    }
  }

  /** Into an object or a list, if that is next. */
  async enter(bracket: '{' | '['): Promise<boolean> {
    if ((await this.peek()) !== bracket) return false
    this.#at += 1
    return true
  }

  /** Whether another member or element follows, which is next then. */
  async hasMore(end: '}' | ']', index: number): Promise<boolean> {
    const next = await this.peek()
    if (next === end || (index > 0 && next === ',')) this.#at += 1
    else if (index > 0 || next === '') throw malformed(this.place, next)
    return next !== end
  }

  /** The key of a member; its value is next. */
  async key(): Promise<string> {
    if ((await this.peek()) !== '"') throw malformed(this.place, 'no key')
    const key = await this.value()
    if ((await this.peek()) !== ':') throw malformed(this.place, 'no value')
    this.#at += 1
    return String(key)
  }

  async value(): Promise<Json> {
    await this.#expectValue()
    const place = this.place
    const end = await this.#walk({ keeps: true })
    const text = this.#text.slice(this.#at, end)
    this.#at = end
    return parse(text, place)
  }

  async skip(): Promise<void> {
    await this.#expectValue()
    this.#at = await this.#walk({ keeps: false })
  }

  async skipLine(): Promise<void> {
    for (;;) {
      const end = this.#text.indexOf('\n', this.#at)
      if (end >= 0) {
        this.#at = end + 1
        return
      }
      if (!(await this.#fill(this.#text.length))) return
    }
  }

  async #expectValue(): Promise<void> {
    const next = await this.peek()
    if (!/["{[\w-]/.test(next)) throw malformed(this.place, next)
  }

  /** The end of the value that is next, in the text; what was passed is dropped unless it is kept. */
  async #walk({ keeps }: { readonly keeps: boolean }): Promise<number> {
    const walk = new Walk(this.#text, this.#at)
    while (!walk.go()) {
      const bytes = walk.at - this.#at
      if (keeps && bytes > recordBytesMax) throw selectFault('select/record-too-large')
      const from = keeps ? this.#at : walk.at
      if (!(await this.#fill(from))) {
        if (walk.endsWithSource) return walk.at - from
        throw selectFault('select/truncated-input', {
          reason: 'The JSON ends in the middle of a value.',
        })
      }
      walk.resume(this.#text, walk.at - from)
    }
    if (keeps && walk.at - this.#at > recordBytesMax) throw selectFault('select/record-too-large')
    return walk.at
  }

  /** Drops the text before `from`, where reading goes on, and adds a piece; `false` when there is none. */
  async #fill(from: number): Promise<boolean> {
    const { done, value } = await this.#source.next()
    this.#base += from
    this.#text = this.#text.slice(from)
    this.#at = 0
    if (done === true) return false
    this.#text += Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
    if (this.#base === 0 && this.#text.startsWith('\xef\xbb\xbf')) this.#at = 3
    return true
  }
}

const blanks = /[ \t\r\n]*/y
const inString = /[^"\\]*/y
const inNumber = /[^\s,:"{}[\]]*/y
const untilMark = /[^"{}[\]]*/y

/** Finds the end of a value, piece by piece, by its brackets and quotes alone: whether it is JSON, parsing it will tell. */
class Walk {
  #text: string
  at: number
  #depth = 0
  #state: 'begin' | 'between' | 'string' | 'escape' | 'scalar' = 'begin'

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  /** A number or a word needs nothing behind it. */
  get endsWithSource(): boolean {
    return this.#state === 'scalar'
  }

  resume(text: string, at: number): void {
    this.#text = text
    this.at = at
  }

  /** Whether the end is here: `at`. */
  go(): boolean {
    while (this.at < this.#text.length) {
      if (this.#step() && this.#depth === 0) return true
    }
    return false
  }

  /** Whether a value may have ended. */
  #step(): boolean {
    switch (this.#state) {
      case 'escape':
        this.at += 1
        this.#state = 'string'
        return false
      case 'string':
        this.#pass(inString)
        if (this.at === this.#text.length) return false
        this.at += 1
        this.#state = this.#text[this.at - 1] === '"' ? 'between' : 'escape'
        return this.#state === 'between'
      case 'scalar':
        this.#pass(inNumber)
        return this.at < this.#text.length
      case 'begin':
        if (!/["{[]/.test(this.#text.charAt(this.at))) {
          this.#state = 'scalar'
          return false
        }
        break
      case 'between':
        this.#pass(untilMark)
    }
    return this.#mark()
  }

  #mark(): boolean {
    if (this.at === this.#text.length) return false
    const mark = this.#text[this.at]
    this.at += 1
    this.#state = mark === '"' ? 'string' : 'between'
    if (mark === '{' || mark === '[') this.#depth += 1
    if (mark === '}' || mark === ']') this.#depth -= 1
    if (this.#depth > jsonDepthMax)
      throw selectFault('select/json-malformed', { reason: 'The JSON is nested too deeply.' })
    return mark === '}' || mark === ']'
  }

  #pass(pattern: RegExp): void {
    pattern.lastIndex = this.at
    this.at += pattern.exec(this.#text)?.[0].length ?? 0
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parse(latin1: string, place: number): Json {
  const text = /[\x80-\xff]/.test(latin1) ? decode(latin1) : latin1
  try {
    return /\d{16}/.test(text) ? (JSON.parse(text, exact) as Json) : JSON.parse(text)
  } catch (cause) {
    throw malformed(place, 'not JSON', cause)
  }
}

declare global {
  interface JSON {
    /** With what a number was written as. https://tc39.es/proposal-json-parse-with-source/ */
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown
  }
}

/** Integers that a `number` would round stay what they are. */
function exact(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  const isRounded = typeof value === 'number' && !Number.isSafeInteger(value)
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value
}

function decode(latin1: string): string {
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'))
  } catch (cause) {
    throw selectFault('select/invalid-encoding', {}, cause)
  }
}

function malformed(place: number, found: string, cause?: unknown): Error {
  return selectFault('select/json-malformed', { place, found }, cause)
}
