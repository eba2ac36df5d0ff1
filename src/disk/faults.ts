import { declareFaults } from '#fault/fault'

export const diskFault = declareFaults({
  'disk/not-found': 'not-found',
  'disk/exists': 'conflict',
  'disk/full': 'exhausted',
  'disk/read-only': 'unavailable',
  'disk/io': 'unavailable',
  /** This process, or the machine, has as many files open as it may: that says nothing of the disk. */
  'disk/too-many-open': 'unavailable',
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
  EMFILE: 'disk/too-many-open',
  ENFILE: 'disk/too-many-open',
}

/**
 * The fault that an error of the operating system stands for; what we do not know is `disk/io`. Any other error is a mistake of
 * the program's and comes back as it is.
 */
export function faultOf(error: unknown, path: string): unknown {
  const errno = errnoOf(error)
  return errno === undefined
    ? error
    : diskFault(codeOfErrno[errno] ?? 'disk/io', { path, errno }, error)
}

/** `ENOENT` and the like; `undefined` for an error that is not the operating system's. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
