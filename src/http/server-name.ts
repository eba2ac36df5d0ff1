/** The `Server` header of every answer. No version: it would help only those who look for old ones. */
export const serverName = 'Mycelium'
