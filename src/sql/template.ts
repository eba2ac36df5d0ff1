/** A statement whose text is only known at run time: names of tables, which cannot be bound. */
export function templateOf(parts: readonly string[]): TemplateStringsArray {
  return Object.assign([...parts], { raw: parts })
}

/** A name as both databases quote it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
