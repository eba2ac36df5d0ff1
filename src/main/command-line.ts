/** Commands of ours as people can paste them where they are. */

/**
 * In a checkout no `mycelium` is on the path, and the Node that is may be too old: who came through npm goes on through npm. Every argument
 * is one word of a POSIX shell.
 */
export function commandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const script = env['npm_lifecycle_event'] // set by npm, for the script it runs
  const isCheckout = script === 'start' || script === 'mycelium'
  return [isCheckout ? 'npm run mycelium --' : 'mycelium', ...args.map(quoteWord)].join(' ')
}

/** As one word of a POSIX shell. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
