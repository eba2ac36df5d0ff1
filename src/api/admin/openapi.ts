/** The admin API described for programs: OpenAPI 3.1, made from the routes themselves. */
import { z } from 'zod'
import type { AdminRoute } from '#api/admin/route'

/** https://spec.openapis.org/oas/v3.1.1.html */
export function describeApi(
  routes: readonly AdminRoute[],
  { base, version }: { readonly base: string; readonly version: string },
): object {
  const byPath = Map.groupBy(routes, ({ path }) => path)
  const paths = [...byPath].map(([path, ofPath]) => [
    `${base}${path}`,
    Object.fromEntries(ofPath.map((one) => [one.method.toLowerCase(), describeRoute(one)])),
  ])
  return {
    openapi: '3.1.1',
    info: {
      title: 'Mycelium admin API',
      version,
      description:
        'Every request is signed with Signature Version 4 by the root user, its body included (service s3, any region).',
    },
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        signatureV4: { type: 'apiKey', in: 'header', name: 'Authorization' },
      },
    },
    security: [{ signatureV4: [] }],
  }
}

function describeRoute({ path, summary, body, answer, status }: AdminRoute): object {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, ...contentOf(body) } }),
    responses: {
      [status]: {
        description: status === 204 ? 'Done' : 'As asked',
        ...(answer === undefined ? {} : contentOf(answer)),
      },
      default: {
        description: 'What is wrong, in `detail` (RFC 9457)',
        content: { 'application/problem+json': { schema: { type: 'object' } } },
      },
    },
  }
}

function contentOf(schema: z.ZodType): object {
  const { $schema, ...plain } = z.toJSONSchema(schema, { reused: 'inline' })
  return { content: { 'application/json': { schema: plain } } }
}
