/**
 * Browsers' forms: `multipart/form-data` (RFC 7578), read as it comes. The fields, which are small by contract, come first and are
 * collected; the file, which comes last, is a stream of views of what the source handed out. The boundary may be cut anywhere.
 */
import { invalidArgument, s3Fault } from '#api/s3/faults'

/** What a form may have in front of its file, names and values together. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export const fieldsBytesMax = 20 * 1024
/** S3 states none: its own fields are about 30, and as many more may be metadata. */
export const fieldsMax = 256
/** The headers of one part. A file's name has up to 255 bytes, each of them three characters when escaped. */
export const partHeaderBytesMax = 4 * 1024
/** Text in front of the first part (RFC 2046 section 5.1.1), which no browser sends. */
export const preambleBytesMax = 1024
/** White space between a boundary and the end of its line (RFC 2046 section 5.1.1). */
const paddingBytesMax = 256
/** What comes after the file is read up to here; the rest is the HTTP shell's to get rid of. */
export const epilogueBytesMax = 64 * 1024

export interface FormField {
  /** As sent. */
  readonly name: string
  readonly value: string
}

/** By name in lower case. */
export type FormFields = ReadonlyMap<string, FormField>

export interface FormFile {
  /** As sent, with its path if it has one; `undefined` when the form states none. */
  readonly filename: string | undefined
  /**
   * To be read once. A piece belongs to the consumer until it pulls the next. Throws `s3/malformed-form` when the body ends before
   * the file does, and what the source throws.
   */
  readonly stream: AsyncIterable<Uint8Array>
}

export interface Form {
  /** Those in front of the file; later ones do not count. */
  readonly fields: FormFields
  /** The part named `file`. */
  readonly file: FormFile | undefined
}

/** The boundary that `Content-Type` names: 1 to 70 characters (RFC 2046 section 5.1.1). `s3/precondition-failed` for another type, `s3/malformed-form` */
export function formBoundary(contentType: string | undefined): string {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')) {
    throw s3Fault('s3/precondition-failed', {
      condition: 'Bucket POST must be of the enclosure-type multipart/form-data',
    })
  }
  const [, quoted, token] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType ?? '') ?? []
  const boundary = quoted ?? token ?? ''
  if (!/^[ -~]{0,69}[!-~]$/.test(boundary)) throw malformed('a boundary has 1 to 70 characters')
  return boundary
}

/**
 * Reads up to the file's first byte; the first pull from `source` happens here. No bytes of a piece are used after the next pull.
 * `s3/malformed-form`, `s3/fields-too-large`; `s3/invalid-argument` for a field that is there twice, because what a policy allows must
 * be what is done.
 */
export async function readForm(
  source: AsyncIterable<Uint8Array>,
  { boundary }: { readonly boundary: string },
): Promise<Form> {
  return await new FormReader(source, boundary).read()
}

const lineEnd = Buffer.from('\r\n')
const carriageReturn = 13

class FormReader {
  readonly #source: AsyncIterator<Uint8Array>
  /** The end of the line in front of a boundary belongs to it (RFC 2046 section 5.1.1). */
  readonly #delimiter: Buffer
  /** Received and not yet read. The first boundary may have no line in front of it. */
  #bytes: Buffer = Buffer.from(lineEnd)

  constructor(source: AsyncIterable<Uint8Array>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]()
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  }

  async read(): Promise<Form> {
    const fields = new Map<string, FormField>()
    let restBytes = fieldsBytesMax
    await this.#until(this.#delimiter, preambleBytesMax)
    while (await this.#hasNextPart()) {
      const { name, filename } = await this.#readPartHeader()
      const lowerName = name.toLowerCase()
      if (lowerName === 'file') return { fields, file: { filename, stream: this.#file() } }
      if (fields.size === fieldsMax) throw s3Fault('s3/fields-too-large', { fieldsMax })
      if (fields.has(lowerName)) {
        throw invalidArgument(name, 'A field is there twice.')
      }
      const nameBytes = Buffer.byteLength(name)
      const value = await this.#until(this.#delimiter, restBytes - nameBytes)
      restBytes -= nameBytes + value.length
      fields.set(lowerName, { name, value: decode(value) })
    }
    return { fields, file: undefined }
  }

  async *#file(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#bytes.indexOf(this.#delimiter)
      const piece = this.#bytes.subarray(0, at < 0 ? this.#bytes.length - this.#heldBack() : at)
      this.#bytes = this.#bytes.subarray(at < 0 ? piece.length : at + this.#delimiter.length)
      if (piece.length > 0) yield piece
      if (at >= 0) break
      if (!(await this.#pull())) throw malformed('the file has no end')
    }
    await this.#hasNextPart() // a file that only contains what its boundary begins with must not be cut short there
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
    while (this.#bytes.length < 2) if (!(await this.#pull())) throw malformed('no last boundary')
    if (this.#bytes.toString('latin1', 0, 2) === '--') {
      this.#bytes = this.#bytes.subarray(2)
      return false
    }
    const padding = await this.#until(lineEnd, paddingBytesMax)
    if (!/^[ \t]*$/.test(padding.toString('latin1'))) throw malformed('text beside a boundary')
    return true
  }

  async #readPartHeader(): Promise<PartNames> {
    let restBytes = partHeaderBytesMax
    let names: PartNames | undefined
    for (;;) {
      const line = await this.#until(lineEnd, restBytes)
      if (line.length === 0) break
      restBytes -= line.length + lineEnd.length
      names ??= readDisposition(decode(line))
    }
    if (names === undefined) throw malformed('a part has no name')
    return names
  }

  /** What stands in front of the next `end`, in memory of its own. `end` is read, too. */
  async #until(end: Buffer, bytesMax: number): Promise<Buffer> {
    let searched = 0
    for (;;) {
      const at = this.#bytes.indexOf(end, searched)
      if ((at < 0 ? this.#bytes.length - end.length : at) > bytesMax) {
        throw s3Fault('s3/fields-too-large', { bytesMax: fieldsBytesMax })
      }
      if (at >= 0) {
        const found = Buffer.from(this.#bytes.subarray(0, at))
        this.#bytes = this.#bytes.subarray(at + end.length)
        return found
      }
      searched = Math.max(0, this.#bytes.length - end.length + 1)
      if (!(await this.#pull())) throw malformed('it ends early')
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

interface PartNames {
  readonly name: string
  readonly filename: string | undefined
}

/** `undefined` for another header. */
function readDisposition(line: string): PartNames | undefined {
  const [start, type] = /^content-disposition[ \t]*:[ \t]*([\w-]*)[ \t]*/i.exec(line) ?? []
  if (start === undefined) return undefined
  const parameters = readParameters(line.slice(start.length))
  const name = parameters.get('name')
  if (type?.toLowerCase() !== 'form-data' || name === undefined)
    throw malformed('a part has no name')
  return { name, filename: parameters.get('filename') }
}

function readParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  let offset = 0
  while (offset < text.length) {
    parameter.lastIndex = offset
    const [whole, name, quoted, token] = parameter.exec(text) ?? []
    if (whole === undefined || name === undefined) throw malformed('Content-Disposition')
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

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw malformed('not UTF-8', cause)
  }
}

function malformed(reason: string, cause?: unknown): Error {
  return s3Fault(
    's3/malformed-form',
    { reason: `The body of your POST request is not well-formed multipart/form-data: ${reason}` },
    cause,
  )
}
