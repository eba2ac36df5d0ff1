import { accountProblemCodes } from '#api/accounts/problem'

/** All codes that the API answers with: a closed list. What each means is told at `/api/v1/problems`. */
export const problemCodes = {
  ...accountProblemCodes,
  INVALID_REQUEST: 'Something in the request is not what it should be; the sentence says what.',
  UNAUTHORIZED: 'There is no token, or the one that was sent is not known (any more).',
  FORBIDDEN: 'Whoever the token is of may not do this, or the token may not.',
  NOT_FOUND: 'There is nothing of that name, or nothing that you may know of.',
  METHOD_NOT_ALLOWED:
    'There is something of that name, but not this can be done with it; `Allow` says what can.',
  CONFLICT: 'What is there already forbids it.',
  VERSION_EXISTS:
    'The version is there, with other bytes. Versions never change: publish the next one.',
  VERSION_DELETED: 'The version was deleted. Its number is never given again.',
  NAME_TAKEN: 'The name, or one that looks like it, belongs to somebody else.',
  PRECONDITION_FAILED: 'What the request was conditional on does not hold.',
  TOO_LARGE: 'A limit on sizes is passed; the sentence says which.',
  QUOTA_EXCEEDED: 'The owner has used up what may be stored or published; see /api/v1/quota.',
  UNSUPPORTED_MEDIA_TYPE: 'The body is of a type that this does not take.',
  RANGE_NOT_SATISFIABLE: 'Nothing of the range is there.',
  ARCHIVE_INVALID:
    'The archive is not one of a library; `details.rule` says what is wrong with it.',
  DIGEST_MISMATCH: 'What arrived is not what the digest names.',
  CONTENT_BLOCKED:
    'The scanner found something that this registry does not take; `details` says where.',
  CONFIRMATION_REQUIRED: 'This makes something readable by everybody: say that it is meant.',
  RATE_LIMIT_EXCEEDED: 'Too many requests; `Retry-After` says when there will be room.',
  INTERNAL:
    'Something unexpected went wrong. The log of the server has it under the id of the request.',
  UNAVAILABLE: 'The database or the storage cannot be reached, or is busy. Try again.',
} as const
export type ProblemCode = keyof typeof problemCodes
