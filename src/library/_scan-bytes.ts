/** What the first bytes of a file say about it, beside its name. */

import type { BlockFinding } from '#library/_scan-block'
import { fileKindOf } from '#library/file-kind'
import type { Severity } from '#library/scan'

const programs: readonly (readonly [name: string, hex: string])[] = [
  ['an ELF program', '7f454c46'],
  ['a Windows program', '4d5a90'],
  ['a Mach-O program', 'feedface'],
  ['a Mach-O program', 'feedfacf'],
  ['a Mach-O program', 'cefaedfe'],
  ['a Mach-O program', 'cffaedfe'],
  ['a Java class or Mach-O program', 'cafebabe'],
  ['a WebAssembly program', '0061736d'],
]
const containers: readonly (readonly [name: string, hex: string])[] = [
  ['a zip archive', '504b0304'],
  ['a gzip archive', '1f8b'],
  ['a 7z archive', '377abcaf271c'],
  ['a RAR archive', '526172211a07'],
  ['an xz archive', 'fd377a585a00'],
  ['a zstd archive', '28b52ffd'],
  ['a PDF', '255044462d'],
]
/** Of images, by the end of the name. */
const images: Readonly<Record<string, (hex: string) => boolean>> = {
  png: (hex) => hex.startsWith('89504e470d0a1a0a'),
  jpg: (hex) => hex.startsWith('ffd8ff'),
  jpeg: (hex) => hex.startsWith('ffd8ff'),
  gif: (hex) => hex.startsWith('47494638'),
  webp: (hex) => hex.startsWith('52494646') && hex.slice(16, 24) === '57454250',
  avif: (hex) => hex.slice(8, 16) === '66747970',
  ico: (hex) => hex.startsWith('00000100'),
}

export function kindFindings(path: string, head: Uint8Array): readonly BlockFinding[] {
  const hex = Buffer.from(head).toString('hex')
  const kind = fileKindOf(path)
  const findings: BlockFinding[] = []
  const note = (rule: string, severity: Severity, excerpt: string): void =>
    void findings.push({ rule, severity, line: 1, excerpt })
  const program = nameOf(programs, hex)
  if (program !== undefined) note('file/executable', 'critical', `this is ${program}`)
  const container = nameOf(containers, hex)
  if (container !== undefined) note('file/container', 'high', `this is ${container}`)
  if (kind === 'script') note('file/script', 'medium', 'a file that runs')
  if (hex.startsWith('2321') && kind !== 'script')
    note('file/shebang', 'high', Buffer.from(head).toString('latin1').split('\n', 1)[0] ?? '')
  const isImage = images[path.slice(path.lastIndexOf('.') + 1).toLowerCase()]
  if (kind === 'image' && isImage !== undefined && !isImage(hex) && findings.length === 0)
    note('file/type-mismatch', 'high', 'this is no image of the kind that its name says')
  return findings
}

function nameOf(
  known: readonly (readonly [name: string, hex: string])[],
  hex: string,
): string | undefined {
  return known.find(([, start]) => hex.startsWith(start))?.[0]
}
