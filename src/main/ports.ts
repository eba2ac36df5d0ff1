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

/** What is told of a listener, wherever it listens. */
export interface Listener {
  readonly port: number
  /** Requests being answered now. */
  readonly exchanges: number
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

/** Of a listener, for programs on this machine; what listens on all addresses is found on the loopback one. */
export function urlOf(
  host: string,
  { port }: Pick<Listener, 'port'>,
  scheme: 'http' | 'https' = 'http',
): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`
}
