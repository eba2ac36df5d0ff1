/** Commands of ours as people can paste them where they are. */

/**
 * Whether these are the sources of a checkout, or what was emitted from them for a package.
 * In a checkout no `mycelium` is on the path; in a package none of the project's own npm scripts is at hand.
 */
const isCheckout = import.meta.url.endsWith('.ts')

/**
 * Who came through npm goes on through npm, which may be the only one to know where the program lies; anybody else as the launcher was
 * called (packaging/bin/launch.sh). Every argument is one word of a POSIX shell.
 */
export function commandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  return [...calling(env), ...args.map(quoteWord)].join(' ')
}

/** The same for `cyxcloud`, which lies beside the program. */
export function toolLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const isNpm = env['npm_lifecycle_event'] !== undefined
  const { MYCELIUM_INVOKED_AS: invokedAs = 'mycelium' } = env
  const called = isNpm ? 'npx cyxcloud' : quoteWord(invokedAs.replace(/mycelium$/, 'cyxcloud'))
  return [called, ...args.map(quoteWord)].join(' ')
}

function calling({
  npm_lifecycle_event: script, // set by npm, for the script it runs; `npx` for itself
  MYCELIUM_INVOKED_AS: invokedAs = 'mycelium',
}: Readonly<Record<string, string | undefined>>): readonly string[] {
  const isOwnScript = script === 'start' || script === 'mycelium'
  if (isCheckout && isOwnScript) return ['npm', 'run', 'mycelium', '--']
  if (script !== undefined) return ['npx', 'mycelium']
  return [quoteWord(invokedAs)]
}

/** As one word of a POSIX shell. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
