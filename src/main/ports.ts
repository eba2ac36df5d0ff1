/** Ports: one that was named must be free; a default one that is busy gives way to the next. Connections leave files to open for the nodes, and memory. */
import { isFault } from '#fault/fault'
import { defaultHttpLimits } from '#http/limits'
import { type HttpServer, type HttpServerOptions, openHttpServer } from '#http/server'
import { mainFault } from '#main/faults'
import { connectionsInMemory } from '#main/memory'
import { connectionsAmong, openFilesMax } from '#main/open-files'

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
export async function listen(options: ListenOptions, wish: Wish): Promise<HttpServer> {
  const limits = { connectionsMax: await connectionsUpTo(defaultHttpLimits.connectionsMax) }
  return await claimPort(wish, options.host, (port) => openHttpServer({ ...options, limits, port }))
}

const connectionsMin = 16

/** What a listener may take that would take so many. */
export async function connectionsUpTo(most: number): Promise<number> {
  const share = connectionsAmong(await openFilesMax())
  return Math.min(most, Math.max(connectionsMin, Math.min(share, connectionsInMemory())))
}

/** The same for a listener of any kind. */
export async function claimPort<Server>(
  { named, fallback, flag }: Wish,
  host: string,
  open: (port: number) => Promise<Server>,
): Promise<Server> {
  const first = named ?? fallback
  const last = named === undefined ? first + triesMax : first
  for (let port = first; ; port++) {
    try {
      return await open(port)
    } catch (cause) {
      const where = { host, port, flag }
      if (isFault(cause, 'http/address-refused', 'redis/address-refused'))
        throw mainFault('main/port-refused', where, cause)
      if (!isFault(cause, 'http/address-in-use', 'redis/address-in-use')) throw cause
      if (port >= last) throw mainFault('main/port-in-use', where, cause)
    }
  }
}
