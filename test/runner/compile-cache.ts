/** Where Node keeps what it makes of the sources, as the launcher has it: several hundred processes of the tests load the same ones. */
export const compileCache = new URL('../../node_modules/.cache/compile', import.meta.url).pathname
