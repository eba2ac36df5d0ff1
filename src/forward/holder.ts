/** The process that serves: the one with the lease of the database. The others send it what they are asked. */
export interface Holder {
  /** The lease's: grows from holder to holder. */
  readonly token: number
  /** Of its S3 port: `http://HOST:PORT` or `https://HOST:PORT`. */
  readonly address: string
  /** Known to it and to whoever may read the database: those it believes where a request came from. */
  readonly pass: string
}
