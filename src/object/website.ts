/** How a bucket is shown as a website: what doors keep with it and act on. */

/** What a redirect does not name stays as it was asked for. */
export interface Redirect {
  readonly host?: string
  readonly protocol?: 'http' | 'https'
}

/** `key` takes the whole key's place, `keyPrefix` that of the rule's own prefix; never both. */
export interface RoutingRedirect extends Redirect {
  readonly keyPrefix?: string
  readonly key?: string
  /** 301 when left out. */
  readonly status?: number
}

/** Meant for keys that begin with `prefix` and, with `errorCode`, for answers that would be that error. */
export interface RoutingRule {
  readonly prefix?: string
  readonly errorCode?: number
  readonly redirect: RoutingRedirect
}

export type Website =
  | ({ readonly kind: 'elsewhere'; readonly host: string } & Redirect)
  | {
      readonly kind: 'pages'
      /** What stands for a prefix: the name of an object below it. */
      readonly index: string
      /** Key of the page that answers errors of 4xx. */
      readonly error?: string
      /** The first that is meant counts. */
      readonly rules: readonly RoutingRule[]
    }
