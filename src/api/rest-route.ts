/**
 * One operation of an API that people reach with bearer tokens: what is asked, what is answered, and how it is done. Who mounts a table of them reads
 * tokens, parses what comes, counts against budgets, and tells faults; an operation decides nothing of that.
 */
import type { z } from 'zod'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { Actor } from '#identity/actor'

/** What requests are counted as: each has a budget of its own, so that who installs much can still sign in. */
export const budgets = ['metadata', 'download', 'search', 'auth', 'publish'] as const
export type Budget = (typeof budgets)[number]

/** What stands where the path has `{name}`, decoded. */
export type Names = Readonly<Record<string, string>>

export interface RestCall<Body = unknown, Query = unknown> {
  /** Whom the token is of; anonymous without one. */
  readonly actor: Actor
  readonly names: Names
  /** As `query` has read it; `{}` without that. */
  readonly query: Query
  /** As `body` has read it; `undefined` without that, and then the body is the operation's to read. */
  readonly body: Body
  readonly request: HttpRequest
  /** The client's address, beyond proxies of ours. */
  readonly address: string
}

interface RestFacts<Body, Query> {
  /** A `GET` answers `HEAD` too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the API's base; `{name}` stands for one segment, `{name*}`, at the end, for one or more. */
  readonly path: string
  /** For logs and metrics, and for programs made from the description, e.g. `GetLibrary`. */
  readonly operation: string
  readonly summary: string
  readonly budget: Budget
  /** Also for who has no token where nobody else is served: to get one, for example. */
  readonly isOpen?: boolean
  /** Of its parameters, all of which are text. */
  readonly query?: z.ZodType<Query>
  /** Of its JSON document. */
  readonly body?: z.ZodType<Body>
  /** What else it may answer, by status, in words; what every operation may answer is added. */
  readonly answers?: Readonly<Record<number, string>>
}

/** Answers with a JSON document, or with nothing (204). */
export interface JsonRoute<Parts, Body = unknown, Query = unknown> extends RestFacts<Body, Query> {
  readonly status: 200 | 201 | 202 | 204
  readonly answer?: z.ZodType
  run(parts: Parts, call: RestCall<Body, Query>): Promise<unknown>
}

/** Answers with something else. */
export interface RawRoute<Parts, Body = unknown, Query = unknown> extends RestFacts<Body, Query> {
  /** Types of what it answers when all is well, by status, e.g. `application/gzip`; empty for one without a body. */
  readonly gives: Readonly<Record<number, string>>
  /** Types of the body that it reads itself. */
  readonly takes?: readonly string[]
  respond(parts: Parts, call: RestCall<Body, Query>): Promise<HttpResponse>
  /** How people are told that it failed, where a browser asks for itself; `undefined`: as programs are. */
  refuse?(parts: Parts, failure: unknown, request: HttpRequest): HttpResponse | undefined
}

export type RestRoute<Parts, Body = unknown, Query = unknown> =
  | JsonRoute<Parts, Body, Query>
  | RawRoute<Parts, Body, Query>

/** Keeps what a route says of its body and query beside what it does with them. */
export function restRoute<Parts, Body = undefined, Query = unknown>(
  route: RestRoute<Parts, Body, Query>,
): RestRoute<Parts> {
  return route as RestRoute<Parts> // who mounts it hands over only what `body` and `query` have read
}

/** A route with all it works on: tables of several domains become one. */
export type BoundRoute = RestRoute<undefined>

export function bindRoutes<Parts>(
  routes: readonly RestRoute<Parts>[],
  parts: Parts,
): readonly BoundRoute[] {
  return routes.map((route) =>
    'run' in route
      ? { ...route, run: (_, call) => route.run(parts, call) }
      : {
          ...route,
          respond: (_, call) => route.respond(parts, call),
          refuse: (_, failure, request) => route.refuse?.(parts, failure, request),
        },
  )
}
