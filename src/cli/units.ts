/** Sizes and times as `cyxcloud` prints them: 1024-based, two decimals. */

const units = ['KB', 'MB', 'GB', 'TB', 'PB']

/** `512 B`, `1.50 KB`. */
export function printSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  let value = bytes / 1024
  let power = 0
  // what would be printed as 1024.00 is one of the next unit
  while (value >= 1023.995 && power < units.length - 1) {
    value /= 1024
    power += 1
  }
  return `${value.toFixed(2)} ${units[power]}`
}

/** `8s`, `3m05s`, `2h10m`. */
export function printSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  const pad = (value: number): string => String(value).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`
}

/** `2024-01-15T10:30:00Z` */
export function printTime(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z')
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
