/**
 * Headers of a library's archive: POSIX.1-1988 ustar, of which a path and a length are free and everything else is fixed. So a reader can write the header
 * again and compare: there is nowhere to hide anything.
 */
import { strict as assert } from 'node:assert'
import { type UstarName, ustarNameBytes, ustarPrefixBytes, ustarSplit } from '#library/archive-path'

export const tarBlockBytes = 512

/** Why a header is refused. */
export type HeaderRule =
  | 'header-checksum'
  | 'header-malformed'
  | 'not-ustar'
  | 'symlink'
  | 'hard-link'
  | 'device'
  | 'directory'
  | 'sparse'
  | 'pax-header'
  | 'gnu-long-name'
  | 'entry-type'
  | 'not-canonical'
  | 'path-nul'
  | 'path-not-unicode'

export interface TarEntry {
  readonly path: string
  readonly bytes: number
}

const sizeAt = 124
const sizeDigits = 11
const checksumAt = 148
const typeAt = 156
const magicAt = 257
const magic = 'ustar\0' + '00'
const prefixAt = 345
/** Where each field begins that is always the same. */
const fixedFields: readonly (readonly [at: number, name: string, text: string])[] = [
  [100, 'mode', '0000644\0'],
  [108, 'uid', '0000000\0'],
  [116, 'gid', '0000000\0'],
  [136, 'mtime', '00000000000\0'],
  [typeAt, 'type', '0'],
  [magicAt, 'magic', magic],
  [329, 'devmajor', '0000000\0'],
  [337, 'devminor', '0000000\0'],
]
/** In the order of their bytes, to say where two headers differ. */
const fieldStarts: readonly (readonly [at: number, name: string])[] = [
  [0, 'name'],
  ...fixedFields.slice(0, 3).map(([at, name]) => [at, name] as const),
  [sizeAt, 'size'],
  [136, 'mtime'],
  [checksumAt, 'checksum'],
  [typeAt, 'type'],
  [157, 'linkname'],
  [magicAt, 'magic'],
  [265, 'uname'],
  [297, 'gname'],
  [329, 'devmajor'],
  [337, 'devminor'],
  [prefixAt, 'prefix'],
  [500, 'padding'],
]

/** Types that are not files, by their byte (POSIX.1-2001, and GNU's). */
const refusedTypes: Readonly<Record<string, HeaderRule>> = {
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'device',
  D: 'directory',
  K: 'gnu-long-name',
  L: 'gnu-long-name',
  M: 'entry-type',
  N: 'gnu-long-name',
  S: 'sparse',
  X: 'pax-header',
  g: 'pax-header',
  x: 'pax-header',
}

/** The path must be one in which `complaintOfPath` found nothing. */
export function writeTarHeader({ path, bytes }: TarEntry): Uint8Array {
  const split = ustarSplit(path)
  assert(split !== undefined)
  assert(Number.isSafeInteger(bytes) && bytes >= 0 && bytes < 8 ** sizeDigits)
  return header(split, bytes)
}

function header({ prefix, name }: UstarName, bytes: number): Uint8Array {
  const block = Buffer.alloc(tarBlockBytes)
  block.write(name, 0, 'utf8')
  block.write(prefix, prefixAt, 'utf8')
  for (const [at, , text] of fixedFields) block.write(text, at, 'latin1')
  block.write(`${bytes.toString(8).padStart(sizeDigits, '0')}\0`, sizeAt, 'latin1')
  const sum = checksumOf(block).toString(8).padStart(6, '0')
  block.write(`${sum}\0 `, checksumAt, 'latin1')
  return block
}

/** The sum of all bytes, those of the checksum itself taken for spaces. */
function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20
  for (let at = 0; at < tarBlockBytes; at += 1)
    if (at < checksumAt || at >= checksumAt + 8) sum += block[at] ?? 0
  return sum
}

export type ReadHeader =
  | { readonly kind: 'entry'; readonly entry: TarEntry }
  /** A block of zeros. */
  | { readonly kind: 'end' }
  | { readonly kind: 'refused'; readonly rule: HeaderRule; readonly detail?: string }

/** Of 512 bytes. What the path itself may be is not asked. */
export function readTarHeader(bytes: Uint8Array): ReadHeader {
  assert(bytes.length === tarBlockBytes)
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (block.every((byte) => byte === 0)) return { kind: 'end' }
  if (octal(block, checksumAt, 8) !== checksumOf(block)) return refused('header-checksum')
  const type = refusedTypes[block.toString('latin1', typeAt, typeAt + 1)]
  if (type !== undefined) return refused(type)
  if (block.toString('latin1', magicAt, magicAt + magic.length) !== magic)
    return refused('not-ustar')
  if (!['0', '\0'].includes(block.toString('latin1', typeAt, typeAt + 1)))
    return refused('entry-type')
  const size = octal(block, sizeAt, sizeDigits + 1)
  if (size === undefined) return refused('header-malformed', 'size')
  const name = text(block, 0, ustarNameBytes)
  const prefix = text(block, prefixAt, ustarPrefixBytes)
  if (typeof name !== 'string') return refused(name.rule)
  if (typeof prefix !== 'string') return refused(prefix.rule)
  if (name === '') return refused('header-malformed', 'name')
  const entry = { path: prefix === '' ? name : `${prefix}/${name}`, bytes: size }
  return differing(block, entry) ?? { kind: 'entry', entry }
}

function refused(rule: HeaderRule, detail?: string): ReadHeader {
  return detail === undefined ? { kind: 'refused', rule } : { kind: 'refused', rule, detail }
}

/** A path that no header can have is left to whoever asks about paths. */
function differing(block: Buffer, entry: TarEntry): ReadHeader | undefined {
  const split = ustarSplit(entry.path)
  if (split === undefined) return undefined
  const expected = header(split, entry.bytes)
  const at = block.findIndex((byte, index) => byte !== expected[index])
  if (at < 0) return undefined
  const field = fieldStarts.findLast(([start]) => start <= at)?.[1]
  return refused('not-canonical', field)
}

/** Digits up to a NUL or space. */
function octal(block: Buffer, at: number, length: number): number | undefined {
  const match = /^ *([0-7]+)[\0 ]*$/.exec(block.toString('latin1', at, at + length))
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 8)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function text(block: Buffer, at: number, length: number): string | { readonly rule: HeaderRule } {
  const field = block.subarray(at, at + length)
  const nul = field.indexOf(0)
  const end = nul < 0 ? length : nul
  if (field.subarray(end).some((byte) => byte !== 0)) return { rule: 'path-nul' }
  try {
    return utf8.decode(field.subarray(0, end))
  } catch {
    return { rule: 'path-not-unicode' }
  }
}
