/**
 * `multipart/form-data` (RFC 7578), read as it comes: one part after the other, each with its names and then its content, whole or as
 * a stream of views of what the source handed out. The boundary may be cut anywhere.
 */

/** The headers of one part. A file's name has up to 255 bytes, each of them three characters when escaped. */
export const partHeaderBytesMax = 4 * 1024
/** Text in front of the first part (RFC 2046 section 5.1.1), which no browser sends. */
export const preambleBytesMax = 1024
/** White space between a boundary and the end of its line (RFC 2046 section 5.1.1). */
const paddingBytesMax = 256
/** What comes after a streamed part is read up to here; the rest is the HTTP shell's to get rid of. */
const epilogueBytesMax = 64 * 1024

export interface PartNames {
  readonly name: string
  /** As sent, with its path if it has one; `undefined` when none is stated. */
  readonly filename: string | undefined
}

/** How a door says what is wrong. */
export interface MultipartComplaints {
  malformed(reason: string, cause?: unknown): Error
  /** The preamble, the headers of a part, or a part that is read whole. */
  tooLarge(): Error
}

/** The boundary that `Content-Type` names: 1 to 70 characters (RFC 2046 section 5.1.1). `undefined` for another type; empty when it names none that is good. */
export function multipartBoundary(contentType: string | undefined): string | undefined {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')) return undefined
  const [, quoted, token] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType ?? '') ?? []
  const boundary = quoted ?? token ?? ''
  return /^[ -~]{0,69}[!-~]$/.test(boundary) ? boundary : ''
}

const lineEnd = Buffer.from('\r\n')
const carriageReturn = 13

/** No bytes of a piece are used after the next pull. Throws what `complaints` makes, and what the source throws. */
export class MultipartReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #complaints: MultipartComplaints
  /** The end of the line in front of a boundary belongs to it (RFC 2046 section 5.1.1). */
  readonly #delimiter: Buffer
  /** Received and not yet read. The first boundary may have no line in front of it. */
  #bytes: Buffer = Buffer.from(lineEnd)
  #hasBegun = false

  constructor(
    source: AsyncIterable<Uint8Array>,
    {
      boundary,
      complaints,
    }: { readonly boundary: string; readonly complaints: MultipartComplaints },
  ) {
    this.#source = source[Symbol.asyncIterator]()
    this.#complaints = complaints
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  }

  /** The next part, up to its content; the part before must have been read. `undefined` after the last. */
  async nextPart(): Promise<PartNames | undefined> {
    if (!this.#hasBegun) await this.#until(this.#delimiter, preambleBytesMax)
    this.#hasBegun = true
    return (await this.#hasNextPart()) ? await this.#readPartHeader() : undefined
  }

  /** The content of the part, in memory of its own. */
  async readWhole(bytesMax: number): Promise<Buffer> {
    return await this.#until(this.#delimiter, bytesMax)
  }

  /** `bytes` as text. */
  decode(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes)
    } catch (cause) {
      throw this.#complaints.malformed('not UTF-8', cause)
    }
  }

  /** The content of the part, to be read once; what comes after the part is not looked at any more. A piece belongs to the consumer until it pulls the next. */
  async *stream(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#bytes.indexOf(this.#delimiter)
      const piece = this.#bytes.subarray(0, at < 0 ? this.#bytes.length - this.#heldBack() : at)
      this.#bytes = this.#bytes.subarray(at < 0 ? piece.length : at + this.#delimiter.length)
      if (piece.length > 0) yield piece
      if (at >= 0) break
      if (!(await this.#pull())) throw this.#complaints.malformed('the file has no end')
    }
    await this.#hasNextPart() // content that only contains what its boundary begins with must not be cut short there
    await this.#drain()
  }

  /** How many of the last bytes may be the beginning of a delimiter, in which only the first byte is a carriage return. */
  #heldBack(): number {
    const at = this.#bytes.lastIndexOf(carriageReturn)
    if (at < 0) return 0
    const tail = this.#bytes.subarray(at)
    return this.#delimiter.subarray(0, tail.length).equals(tail) ? tail.length : 0
  }

  /** Reads what follows a boundary: the end of its line, or `--` after the last part. */
  async #hasNextPart(): Promise<boolean> {
    while (this.#bytes.length < 2)
      if (!(await this.#pull())) throw this.#complaints.malformed('no last boundary')
    if (this.#bytes.toString('latin1', 0, 2) === '--') {
      this.#bytes = this.#bytes.subarray(2)
      return false
    }
    const padding = await this.#until(lineEnd, paddingBytesMax)
    if (!/^[ \t]*$/.test(padding.toString('latin1')))
      throw this.#complaints.malformed('text beside a boundary')
    return true
  }

  async #readPartHeader(): Promise<PartNames> {
    let restBytes = partHeaderBytesMax
    let names: PartNames | undefined
    for (;;) {
      const line = await this.#until(lineEnd, restBytes)
      if (line.length === 0) break
      restBytes -= line.length + lineEnd.length
      names ??= this.#readDisposition(this.decode(line))
    }
    if (names === undefined) throw this.#complaints.malformed('a part has no name')
    return names
  }

  /** `undefined` for another header. */
  #readDisposition(line: string): PartNames | undefined {
    const [start, type] = /^content-disposition[ \t]*:[ \t]*([\w-]*)[ \t]*/i.exec(line) ?? []
    if (start === undefined) return undefined
    const parameters = readParameters(line.slice(start.length))
    if (parameters === undefined) throw this.#complaints.malformed('Content-Disposition')
    const name = parameters.get('name')
    if (type?.toLowerCase() !== 'form-data' || name === undefined)
      throw this.#complaints.malformed('a part has no name')
    return { name, filename: parameters.get('filename') }
  }

  /** What stands in front of the next `end`, in memory of its own. `end` is read, too. */
  async #until(end: Buffer, bytesMax: number): Promise<Buffer> {
    let searched = 0
    for (;;) {
      const at = this.#bytes.indexOf(end, searched)
      if ((at < 0 ? this.#bytes.length - end.length : at) > bytesMax)
        throw this.#complaints.tooLarge()
      if (at >= 0) {
        const found = Buffer.from(this.#bytes.subarray(0, at))
        this.#bytes = this.#bytes.subarray(at + end.length)
        return found
      }
      searched = Math.max(0, this.#bytes.length - end.length + 1)
      if (!(await this.#pull())) throw this.#complaints.malformed('it ends early')
    }
  }

  /** One piece more; `false` at the end. The pull takes the last piece away, so what is left of it is copied first. */
  async #pull(): Promise<boolean> {
    const rest = Buffer.from(this.#bytes)
    const { done, value } = await this.#source.next()
    if (done === true) {
      this.#bytes = rest
      return false
    }
    const piece = Buffer.from(value.buffer, value.byteOffset, value.length)
    this.#bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    return true
  }

  async #drain(): Promise<void> {
    let bytes = this.#bytes.length
    while (bytes <= epilogueBytesMax) {
      const { done, value } = await this.#source.next()
      if (done === true) return
      bytes += value.length
    }
  }
}

/** `undefined` for what is none. */
function readParameters(text: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>()
  let offset = 0
  while (offset < text.length) {
    parameter.lastIndex = offset
    const [whole, name, quoted, token] = parameter.exec(text) ?? []
    if (whole === undefined || name === undefined) return undefined
    parameters.set(name.toLowerCase(), quoted === undefined ? (token ?? '') : unquote(quoted))
    offset += whole.length
  }
  return parameters
}

/** `; name="value"` or `; name=value`; sticky, so it matches exactly where asked. */
const parameter =
  /;[ \t]*([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))[ \t]*/y

/** Browsers escape as in URLs (https://html.spec.whatwg.org/#multipart-form-data), older clients with a backslash; Windows' paths are neither. */
function unquote(quoted: string): string {
  return quoted
    .replace(/\\(["\\])/g, '$1')
    .replace(/%(22|0D|0A)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** A byte order mark is part of the text: signatures cover what was sent. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
