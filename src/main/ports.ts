/** Ports: one that was named must be free; a default one that is busy gives way to the next. */
import { isFault } from '#fault/fault'
import { type HttpServer, type HttpServerOptions, openHttpServer } from '#http/server'
import { mainFault } from '#main/faults'

/** How many ports after a busy default one are tried. */
const triesMax = 20

export interface Wish {
  /** `undefined` when the user named none. */
  readonly named: number | undefined
  readonly fallback: number
  /** The flag that names it, for the refusal. */
  readonly flag: string
}

export type ListenOptions = Omit<HttpServerOptions, 'port'>

/** `main/port-in-use`, `main/port-refused`. */
export async function listen(
  options: ListenOptions,
  { named, fallback, flag }: Wish,
): Promise<HttpServer> {
  const first = named ?? fallback
  const last = named === undefined ? first + triesMax : first
  for (let port = first; ; port++) {
    try {
      return await openHttpServer({ ...options, port })
    } catch (cause) {
      const where = { host: options.host, port, flag }
      if (isFault(cause, 'http/address-refused')) throw mainFault('main/port-refused', where, cause)
      if (!isFault(cause, 'http/address-in-use')) throw cause
      if (port >= last) throw mainFault('main/port-in-use', where, cause)
    }
  }
}
