/** Archives that must be refused: one sample for each rule at least, by the bytes, so that no writer of ours stands between. */
import { gzipSync } from 'node:zlib'
import type { ArchiveRule } from '#library/archive-reader'
import { tarBlockBytes, writeTarHeader } from '#library/tar-header'

export interface RawEntry {
  readonly path: string
  readonly body?: string | Uint8Array
  /** Changes the header before its checksum is written again. */
  readonly edit?: (header: Buffer) => void
  /** Changes it afterwards. */
  readonly spoil?: (header: Buffer) => void
  /** What stands behind the body, up to the next block. */
  readonly fill?: number
}

export const manifestText = '[library]\nname = "handbook"\nversion = "1.0.0"\n'
export const goodEntries: readonly RawEntry[] = [
  { path: '.mdlibs.toml', body: manifestText },
  { path: 'README.md', body: '# Handbook\n\nHow we work.\n' },
]

/** Names longer than a field are cut off. */
function headerOf(path: string, bytes: number): Buffer {
  const header = Buffer.from(writeTarHeader({ path: 'x', bytes }))
  header.write('\0'.repeat(100), 0, 'latin1')
  header.write(path, 0, 100, 'utf8')
  return sealed(header)
}

export function sealed(header: Buffer): Buffer {
  header.write(' '.repeat(8), 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

export function tarOf(
  entries: readonly RawEntry[],
  { endBlocks = 2 }: { readonly endBlocks?: number } = {},
): Buffer {
  const pieces = entries.flatMap(({ path, body = '', edit, spoil, fill = 0 }) => {
    const bytes = Buffer.from(body)
    const header = headerOf(path, bytes.length)
    edit?.(header)
    if (edit !== undefined) sealed(header)
    spoil?.(header)
    const padding = (tarBlockBytes - (bytes.length % tarBlockBytes)) % tarBlockBytes
    return [header, bytes, Buffer.alloc(padding, fill)]
  })
  return Buffer.concat([...pieces, Buffer.alloc(endBlocks * tarBlockBytes)])
}

function packed(...more: readonly RawEntry[]): Buffer {
  return gzipSync(tarOf([...goodEntries, ...more]))
}

function typed(type: string, path = 'a.md'): RawEntry {
  return { path, edit: (header) => void header.write(type, 156, 'latin1') }
}

function named(path: string): Buffer {
  return packed({ path, body: 'x' })
}

function edited(at: number, text: string): Buffer {
  return packed({ path: 'a.md', edit: (header) => void header.write(text, at, 'latin1') })
}

export interface HostileArchive {
  readonly name: string
  readonly rule: ArchiveRule
  readonly bytes: Buffer
}

function sample(name: string, rule: ArchiveRule, bytes: Buffer): HostileArchive {
  return { name, rule, bytes }
}

const good = packed()
const goodTar = tarOf(goodEntries)
/** As gzip writes the name of the file that it packs. */
const withName = Buffer.concat([
  good.subarray(0, 3),
  Buffer.of(8),
  good.subarray(4, 10),
  Buffer.from('name\0'),
  good.subarray(10),
])

export const goodArchive: Buffer = good

export const hostileArchives: readonly HostileArchive[] = [
  sample('no bytes', 'truncated', Buffer.alloc(0)),
  sample('no gzip', 'gzip-header', goodTar),
  sample('a name in the header of gzip', 'gzip-header', withName),
  sample('a time in the header of gzip', 'gzip-header', spoiled(good, 4)),
  sample('data that cannot be inflated', 'gzip-data', spoiled(good, 12, 0xff)),
  sample('a wrong checksum of gzip', 'gzip-checksum', spoiled(good, good.length - 8)),
  sample('a wrong length of gzip', 'gzip-checksum', spoiled(good, good.length - 1)),
  sample('half of it', 'truncated', good.subarray(0, good.length >> 1)),
  sample('without its last byte', 'truncated', good.subarray(0, -1)),
  sample('a byte behind it', 'trailing-data', Buffer.concat([good, Buffer.of(0)])),
  sample('a second member', 'trailing-data', Buffer.concat([good, good])),
  sample('tar that ends in a header', 'truncated', gzipSync(goodTar.subarray(0, 700))),
  sample('tar that ends in a body', 'truncated', gzipSync(goodTar.subarray(0, 530))),
  sample('tar without its end', 'truncated', gzipSync(tarOf(goodEntries, { endBlocks: 0 }))),
  sample('tar with half of its end', 'truncated', gzipSync(tarOf(goodEntries, { endBlocks: 1 }))),
  sample(
    'tar with more than its end',
    'trailing-data',
    gzipSync(tarOf(goodEntries, { endBlocks: 3 })),
  ),
  sample('an entry behind the end', 'trailing-data', gzipSync(Buffer.concat([goodTar, goodTar]))),
  sample(
    'an entry behind half of the end',
    'trailing-data',
    gzipSync(Buffer.concat([tarOf(goodEntries, { endBlocks: 1 }), goodTar])),
  ),
  sample('padding that says something', 'padding', packed({ path: 'a.md', body: 'x', fill: 1 })),
  sample(
    'a wrong checksum of tar',
    'header-checksum',
    packed({ path: 'a.md', spoil: (header) => void header.write('b', 0) }),
  ),
  sample('a length that is no number', 'header-malformed', edited(124, 'xxxxxxxxxxx\0')),
  sample('a length in binary', 'header-malformed', edited(124, '\x80\0\0\0\0\0\0\0\0\0\0\x01')),
  sample('no name', 'header-malformed', packed({ path: '' })),
  sample('tar of before 1988', 'not-ustar', edited(257, '\0'.repeat(8))),
  sample('GNU tar', 'not-ustar', edited(257, 'ustar  \0')),
  sample('a symbolic link', 'symlink', packed(typed('2'))),
  sample('a hard link', 'hard-link', packed(typed('1'))),
  sample('a character device', 'device', packed(typed('3'))),
  sample('a block device', 'device', packed(typed('4'))),
  sample('a pipe', 'device', packed(typed('6'))),
  sample('a directory', 'directory', packed(typed('5', 'a/'))),
  sample('a sparse file', 'sparse', packed(typed('S'))),
  sample('a PAX header', 'pax-header', packed(typed('x'))),
  sample('a global PAX header', 'pax-header', packed(typed('g'))),
  sample("Solaris' PAX header", 'pax-header', packed(typed('X'))),
  sample("GNU's long name", 'gnu-long-name', packed(typed('L'))),
  sample("GNU's long link", 'gnu-long-name', packed(typed('K'))),
  sample('a contiguous file', 'entry-type', packed(typed('7'))),
  sample('an unknown type', 'entry-type', packed(typed('Z'))),
  sample('a file by the old byte', 'not-canonical', packed(typed('\0'))),
  sample('a file that may be run', 'not-canonical', edited(100, '0000755\0')),
  sample('an owner', 'not-canonical', edited(108, '0001750\0')),
  sample('a time', 'not-canonical', edited(136, '14532653300\0')),
  sample('a link name of a file', 'not-canonical', edited(157, 'elsewhere')),
  sample("an owner's name", 'not-canonical', edited(265, 'root')),
  sample('something behind the header', 'not-canonical', edited(500, 'hi')),
  sample('a short path in two fields', 'not-canonical', edited(345, 'docs')),
  sample('an absolute path', 'path-absolute', named('/etc/passwd.md')),
  sample('a path upwards', 'path-parent', named('docs/../../a.md')),
  sample('a drive', 'path-drive', named('C:a.md')),
  sample('a share of Windows', 'path-unc', named('\\\\host\\share\\a.md')),
  sample('a share with slashes', 'path-unc', named('//host/share/a.md')),
  sample('a NUL', 'path-nul', packed({ path: 'a.md\0.txt' })),
  sample('a backslash', 'path-backslash', named('docs\\a.md')),
  sample('two slashes', 'path-empty-part', named('docs//a.md')),
  sample('a dot', 'path-empty-part', named('./a.md')),
  sample('a slash at the end', 'path-empty-part', named('a.md/')),
  sample('no UTF-8', 'path-not-unicode', edited(0, 'a\xff.md')),
  sample('a letter in two parts', 'path-not-nfc', named('caf\u0065\u0301.md')),
  sample('a character that turns text around', 'path-hidden-character', named('a\u202edm.md')),
  sample('a space of no width', 'path-hidden-character', named('a\u200b.md')),
  sample('a line end', 'path-hidden-character', named('a\n.md')),
  sample('a stream of Windows', 'path-forbidden-character', named('a.md:b.md')),
  sample('a wildcard', 'path-forbidden-character', named('a*.md')),
  sample('a device of Windows', 'path-reserved-name', named('docs/CON.md')),
  sample('another one', 'path-reserved-name', named('com¹.md')),
  sample('a dot at the end', 'path-trailing-dot', named('docs./a.md')),
  sample('a space at the end', 'path-trailing-dot', named('docs /a.md')),
  sample(
    'a path that is too long',
    'path-too-long',
    packed({
      path: `${'b'.repeat(97)}.md`,
      edit: (header) => void header.write('a'.repeat(155), 345, 'latin1'),
    }),
  ),
  sample('a path that is too deep', 'path-too-deep', named(`${'a/'.repeat(32)}b.md`)),
  sample('a path twice', 'path-duplicate', packed({ path: 'a.md' }, { path: 'a.md' })),
  sample('a path in two cases', 'path-case-duplicate', packed({ path: 'readme.md' })),
  sample(
    'a directory in two cases',
    'path-case-duplicate',
    packed({ path: 'Tips/a.md' }, { path: 'tips/b.md' }),
  ),
  sample(
    'a sharp s',
    'path-case-duplicate',
    packed({ path: 'stra\u00dfe.md' }, { path: 'strasse.md' }),
  ),
  sample('a ligature', 'path-case-duplicate', packed({ path: 'file.md' }, { path: 'ﬁle.md' })),
  sample(
    'a file that is a directory',
    'path-file-and-directory',
    packed({ path: 'a.md' }, { path: 'a.md/b.md' }),
  ),
  sample('paths that are not in order', 'path-order', packed({ path: 'b.md' }, { path: 'a.md' })),
  sample('a program', 'file-type', named('tool.exe')),
  sample('a script', 'file-type', named('install.sh')),
  sample('a file of no kind', 'file-type', named('data.bin')),
  sample('a bomb', 'ratio', packed({ path: 'a.md', body: Buffer.alloc(4 * 2 ** 20) })),
  sample('no manifest', 'no-manifest', gzipSync(tarOf(goodEntries.slice(1)))),
  sample('no files', 'no-manifest', gzipSync(tarOf([]))),
  sample(
    'a README that is not there',
    'manifest-mismatch',
    gzipSync(
      tarOf([
        { path: '.mdlibs.toml', body: `${manifestText}readme = "docs/a.md"\n` },
        ...goodEntries.slice(1),
      ]),
    ),
  ),
  sample(
    'another name',
    'manifest-mismatch',
    gzipSync(
      tarOf([
        { path: '.mdlibs.toml', body: manifestText.replace('handbook', 'other') },
        ...goodEntries.slice(1),
      ]),
    ),
  ),
  sample(
    'another version',
    'manifest-mismatch',
    gzipSync(
      tarOf([
        { path: '.mdlibs.toml', body: manifestText.replace('1.0.0', '1.0.1') },
        ...goodEntries.slice(1),
      ]),
    ),
  ),
  sample(
    'another scope',
    'manifest-mismatch',
    gzipSync(
      tarOf([
        { path: '.mdlibs.toml', body: manifestText.replace('handbook', '@others/handbook') },
        ...goodEntries.slice(1),
      ]),
    ),
  ),
  sample('no Markdown', 'no-markdown', gzipSync(tarOf(goodEntries.slice(0, 1)))),
]

/** One byte is another one. */
function spoiled(bytes: Buffer, at: number, by = 1): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ by
  return copy
}
