/** Globs over names of libraries and values of claims: `*` stands for any characters but a slash. A lone `*` stands for everything. */

export function matchesGlob(glob: string, text: string): boolean {
  if (glob === '*') return true
  const pattern = glob.split('*').map(escaped).join('[^/]*')
  return new RegExp(`^${pattern}$`, 'u').test(text)
}

/** The same question for SQL's `like … escape '\'`; wider, for there `%` stands for slashes too. */
export function likeOfGlob(glob: string): string {
  if (glob === '*') return '%'
  return glob
    .split('*')
    .map((part) => part.replace(/[\\%_]/g, '\\$&'))
    .join('%')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
