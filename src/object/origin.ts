/** Who caused a change and how, for those who are told of it. */
export interface Origin {
  /** Canonical id; somebody unknown when left out. */
  readonly principal?: string
  /** Address of the client. */
  readonly peer?: string
  readonly requestId?: string
  /** Where the operation does not say it by itself. */
  readonly means?: 'form' | 'lifecycle' | 'replication'
}
