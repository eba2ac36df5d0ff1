import type { HttpHandler } from '#http/message'

/** A door whose modules are loaded, and which is made, when somebody first knocks: starts do not wait for doors that nobody may use. */
export function lateDoor(open: () => Promise<HttpHandler>): HttpHandler {
  let opening: Promise<HttpHandler> | undefined
  return async (request) => {
    opening ??= open()
    return await (await opening)(request)
  }
}
