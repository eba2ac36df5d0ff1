/** An assertion without Node's module for them: this room runs in browsers too. */
export function check(holds: boolean, otherwise = 'a broken invariant'): asserts holds {
  if (!holds) throw new Error(otherwise)
}
