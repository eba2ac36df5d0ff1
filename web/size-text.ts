/** Sizes as people read them. */

const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const

export function sizeText(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  const exponent = Math.min(units.length, Math.floor(Math.log2(bytes) / 10))
  const number = bytes / 1024 ** exponent
  return `${number < 10 ? number.toFixed(1).replace(/\.0$/, '') : Math.round(number)} ${units[exponent - 1]}`
}

/** Of a file of which a manifest says only how many blocks it has. */
export function knownSizeText({
  atMost,
  isExact,
}: {
  readonly atMost: number
  readonly isExact: boolean
}): string {
  return isExact ? sizeText(atMost) : `up to ${sizeText(atMost)}`
}
