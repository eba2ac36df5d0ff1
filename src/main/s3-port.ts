/** The S3 port: in threads of its own, or in that of the store. */
import { RateLimits } from '#api/rate-limits'
import { refuseBytes, refuseRequest } from '#api/s3/error-response'
import { Forwarder } from '#forward/forwarder'
import { listenAs } from '#main/certificate'
import { openGateways, type S3Port, type S3PortOptions } from '#main/gateways'
import { lateDoor } from '#main/late-door'
import { plainMount } from '#main/s3-mounts'

/** `main/port-in-use`, `main/port-refused`, `main/certificate-unusable`. Disposing finishes requests in flight first. */
export async function openS3Port(options: S3PortOptions): Promise<S3Port> {
  return options.gateways === 0 ? await openHere(options) : await openGateways(options)
}

async function openHere({
  host,
  wish,
  certificate,
  world,
  telemetry,
}: S3PortOptions): Promise<S3Port> {
  const closing = new AbortController()
  const forwarder = new Forwarder({
    refuse: refuseRequest,
    certificate: () => server.certificate,
    world,
  })
  const { handle: handler } = forwarder
  const listener = { host, world, telemetry, handler, refusal: refuseBytes }
  const server = await listenAs(certificate, listener, { wish, signal: closing.signal })
  return {
    port: server.port,
    get exchanges() {
      return server.exchanges
    },
    follow: (holder) => forwarder.follow(holder),
    serve({ rateTables, hostsAreBuckets, pass, ...parts }) {
      const rates = new RateLimits(rateTables, { world })
      const door = lateDoor(async () => {
        const { openS3Door } = await import('#main/s3-door')
        return openS3Door({ ...plainMount, hostsAreBuckets }, { ...parts, rates, world }).handle
      })
      forwarder.serve(door, { pass })
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await forwarder.close()
      await server.close()
    },
  }
}
