/** A query as it was parsed. */
import type { DatePart } from '#select/timestamp'
import type { Value } from '#select/value'

export interface Query {
  /** `*`, or what to tell of each record. */
  readonly columns: '*' | readonly Column[]
  readonly source: Source
  readonly where: Expression | undefined
  readonly limit: number | undefined
}

export interface Column {
  readonly expression: Expression
  readonly alias: string | undefined
}

export interface Source {
  /** Behind `S3Object[*]`. */
  readonly path: readonly SourceStep[]
  /** What stands for a record in the rest of the query. */
  readonly alias: string
}

/** Into a record, by name or by place from 0. */
export type Step = Name | { readonly kind: 'index'; readonly index: number }
export type SourceStep = Step | { readonly kind: 'elements' } | { readonly kind: 'members' }

export interface Name {
  readonly kind: 'name'
  readonly name: string
  /** In double quotes, so that its case counts. */
  readonly isQuoted: boolean
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='
export type Arithmetic = '+' | '-' | '*' | '/' | '%'
export type ExtractPart = DatePart | 'timezone_hour' | 'timezone_minute'

export type Type =
  | { readonly name: 'bool' | 'int' | 'float' | 'string' | 'timestamp' }
  /** Digits in all and behind the point; as they come when not given. */
  | { readonly name: 'decimal'; readonly precision?: number; readonly scale?: number }

export interface Call {
  readonly kind: 'call'
  readonly name: FunctionName
  readonly args: readonly Expression[]
}

/** Functions of values alone. */
export type FunctionName =
  | 'char_length'
  | 'coalesce'
  | 'lower'
  | 'nullif'
  | 'substring'
  | 'to_string'
  | 'to_timestamp'
  | 'trim_both'
  | 'trim_leading'
  | 'trim_trailing'
  | 'upper'
  | 'utcnow'

export interface Aggregate {
  readonly kind: 'aggregate'
  readonly name: AggregateName
  /** `*` for COUNT(*). */
  readonly argument: Expression | '*'
}
export type AggregateName = 'avg' | 'count' | 'max' | 'min' | 'sum'

export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'path'; readonly steps: readonly [Name, ...Step[]]; readonly at: number }
  | { readonly kind: 'negate' | 'not'; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | {
      readonly kind: 'arithmetic'
      readonly operator: Arithmetic
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'comparison'
      readonly operator: Comparison
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'concatenation'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'like'
      readonly text: Expression
      readonly pattern: Expression
      readonly escapedBy: Expression | undefined
    }
  | {
      readonly kind: 'between'
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
    }
  | { readonly kind: 'in'; readonly operand: Expression; readonly list: readonly Expression[] }
  | { readonly kind: 'is'; readonly operand: Expression; readonly what: 'null' | 'missing' }
  | {
      readonly kind: 'case'
      /** Compared with each condition when there is one. */
      readonly operand: Expression | undefined
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
      readonly otherwise: Expression | undefined
    }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: Type }
  | { readonly kind: 'extract'; readonly part: ExtractPart; readonly operand: Expression }
  | {
      readonly kind: 'date-add'
      readonly part: DatePart
      readonly count: Expression
      readonly operand: Expression
    }
  | {
      readonly kind: 'date-diff'
      readonly part: DatePart
      readonly from: Expression
      readonly to: Expression
    }
  | Call
  | Aggregate
