/** Lines of the log for people who read them on a terminal: the time, the level, what happened, and what else there is. */

/** What is no line of the log stays as it is. */
export function prettyLine(line: string): string {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return line.trimEnd()
  }
  if (typeof entry !== 'object' || entry === null) return line.trimEnd()
  const { level = '', time = '', message = '', ...rest } = entry as Record<string, unknown> // whatever they are, they are printed
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${printValue(value)}`)
  return [`${time} ${String(level).toUpperCase().padEnd(5)} ${message}`, ...facts].join(' ')
}

function printValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}
