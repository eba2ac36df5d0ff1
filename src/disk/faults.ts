import { declareFaults, type Fault } from '#fault/fault'

export const diskFault = declareFaults({
  'disk/not-found': 'not-found',
  'disk/exists': 'conflict',
  'disk/full': 'exhausted',
  'disk/read-only': 'unavailable',
  'disk/io': 'unavailable',
  /** Only of the simulated disk: the machine lost power, and this handle with it. */
  'disk/power-off': 'unavailable',
})
export type DiskFaultCode = Parameters<typeof diskFault>[0]

const codeOfErrno: Readonly<Record<string, DiskFaultCode>> = {
  ENOENT: 'disk/not-found',
  EEXIST: 'disk/exists',
  ENOSPC: 'disk/full',
  EDQUOT: 'disk/full',
  EROFS: 'disk/read-only',
  EACCES: 'disk/read-only',
  EPERM: 'disk/read-only',
}

/** The fault that an error of `node:fs` stands for. Whatever we do not know is `disk/io`. */
export function faultOf(error: unknown, path: string): Fault<DiskFaultCode> {
  const errno = errnoOf(error)
  return diskFault(codeOfErrno[errno] ?? 'disk/io', { path, errno }, error)
}

/** `ENOENT` and the like; `unknown` when it is not an error of the operating system. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return 'unknown'
  return typeof error.code === 'string' ? error.code : 'unknown'
}
