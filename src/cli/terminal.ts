/** What commands say, and to whom. Made in `main` from the process's streams. */

export interface Terminal {
  /** A person looks at both stdout and stderr: only then is anything drawn or asked. */
  readonly isInteractive: boolean
  /** On stdout, with the line's end. */
  print(line: string): void
  /** On stderr, with the line's end. */
  warn(line: string): void
  /** Replaces what was drawn before, below all that was printed; nothing unless interactive. */
  draw(line: string): void
  columns(): number
}
